/** For tests: a process that opens a store and does with it what it is told; see `startStoreProcess`. */
import { DatabaseSync } from "node:sqlite";
import { randomUUID } from "node:crypto";
import { identifyProcess } from "../lib/process-identity.ts";
import { openStore } from "./open-store.ts";

const file = process.argv[2] ?? "";
const store = openStore({ file });
const owner = { id: randomUUID(), ...identifyProcess(process.pid) };
const locker = new DatabaseSync(file);

const methods = store as unknown as Readonly<Record<string, (...args: unknown[]) => unknown>>;

async function answer(method: string, args: readonly unknown[]): Promise<unknown> {
  if (method === "owner") return owner;
  if (method === "lock") return locker.exec("BEGIN IMMEDIATE");
  if (method === "unlock") return locker.exec("COMMIT");
  return await methods[method]?.(...args);
}

process.on("message", (message) => {
  const { call, method, args } = message as { call: number; method: string; args: readonly unknown[] };
  answer(method, args).then(
    (value) => process.send?.({ call, value }),
    (error: unknown) => process.send?.({ call, error: String(error) }),
  );
});
// Nobody is left to tell it anything.
process.on("disconnect", () => process.kill(process.pid, "SIGKILL"));

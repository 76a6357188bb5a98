/**
 * The CLI with faults planted in it, for tests of those who judge it from outside. Each fault is `--fault KIND WHERE FIRST
 * SECOND`, before the words of the command; it acts on commands that begin with the words WHERE, on all when that is empty.
 *
 * - `set`: works with another configuration than the one it is given; FIRST is `KEY=VALUE`.
 * - `swap`: reads workflows in which each FIRST (a regular expression) is SECOND.
 * - `tell`: says SECOND wherever it should say FIRST (a regular expression); `PID` in SECOND is this process's own.
 * - `exit`: ends with SECOND where it should end with FIRST.
 * - `answer`: says FIRST, does nothing and ends with 0.
 * - `append`: adds the line SECOND to the file FIRST.
 * - `leave`: leaves a process running.
 */
import { spawn } from "node:child_process";
import { appendFileSync, existsSync, readdirSync, readFileSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";

const words = process.argv.slice(2);
const faults: (readonly [kind: string, where: string, first: string, second: string])[] = [];
while (words[0] === "--fault") {
  const [, kind = "", where = "", first = "", second = ""] = words.splice(0, 5);
  faults.push([kind, where, first, second]);
}

let answered = false;
const plant: Readonly<Record<string, (first: string, second: string) => void>> = {
  set: (assignment) => words.push("--set", assignment),
  swap: (from, to) => {
    const folder = join(process.cwd(), "workflows");
    for (const name of existsSync(folder) ? readdirSync(folder) : []) {
      const file = join(folder, name);
      writeFileSync(file, readFileSync(file, "utf8").replaceAll(new RegExp(from, "g"), to));
    }
  },
  tell: (from, to) => {
    const write = process.stdout.write.bind(process.stdout);
    const rewrite = (chunk: string | Uint8Array): string | Uint8Array =>
      typeof chunk === "string"
        ? chunk.replaceAll(new RegExp(from, "g"), to.replaceAll("PID", String(process.pid)))
        : chunk;
    process.stdout.write = (chunk: string | Uint8Array, ...rest: unknown[]) =>
      write(rewrite(chunk), ...(rest as [BufferEncoding]));
  },
  exit: (from, to) => {
    process.on("exit", (code) => {
      if (code === Number(from)) process.exitCode = Number(to);
    });
  },
  answer: (text) => {
    writeSync(1, text);
    answered = true;
  },
  leave: () => {
    spawn("sleep", ["60"], { detached: true, stdio: "ignore" }).unref();
  },
  append: (file, line) => {
    appendFileSync(file, `${line}\n`);
  },
};

const command = words.join(" ");
for (const [kind, where, first, second] of faults) {
  const fault = plant[kind];
  if (fault === undefined) throw new Error(`unknown fault "${kind}"`);
  if (command.startsWith(where)) fault(first, second);
}
process.argv.splice(2, process.argv.length, ...words);
if (!answered) await import("../../src/cli/main.ts");

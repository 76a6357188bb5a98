import { Worker } from "node:worker_threads";

/** What the thread does; text, so that the bundle needs no file of its own for it. */
const program = `
const { parentPort, workerData } = require("node:worker_threads");
const { DatabaseSync } = require("node:sqlite");
const { file, readOnly, sql, parameters } = workerData;
const db = new DatabaseSync(file, { readOnly, timeout: 10000 });
try { parentPort.postMessage(db.prepare(sql).all(...parameters)); } finally { db.close(); }
`;

/**
 * Asks a database one question in a thread of its own: those that take seconds, such as a copy or a check of the whole, would keep this
 * process from everything else.
 *
 * @throws what SQLite says
 * @example
 * await askInThread({ file, readOnly: true }, "VACUUM INTO ?", copy);
 */
export async function askInThread(
  { file, readOnly }: { readonly file: string; readonly readOnly: boolean },
  sql: string,
  ...parameters: readonly (string | number)[]
): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const worker = new Worker(program, { eval: true, workerData: { file, readOnly, sql, parameters } });
  const { promise, resolve, reject } = Promise.withResolvers<readonly Readonly<Record<string, unknown>>[]>();
  worker.once("message", resolve);
  worker.once("error", reject);
  worker.once("exit", (code) => reject(new Error(`the thread has ended with ${code}`)));
  return await promise;
}

/**
 * The CLI, whose launcher is the first word, with faults planted in it, for tests of those who judge it from outside. Each fault is `--fault KIND WHERE FIRST
 * SECOND`, before the words of the command; it acts on commands that begin with the words WHERE, on all when that is empty.
 *
 * - `set`: works with another configuration than the one it is given; FIRST is `KEY=VALUE`.
 * - `swap`: reads workflows in which each FIRST (a regular expression) is SECOND.
 * - `tell`: says SECOND wherever it should say FIRST (a regular expression); `PID` in SECOND is this process's own.
 * - `exit`: ends with SECOND where it should end with FIRST.
 * - `answer`: says FIRST, does nothing and ends with 0.
 * - `append`: adds the line SECOND to the file FIRST.
 * - `leave`: leaves a process running.
 * - `become`: does SECOND where the words begin with FIRST.
 * - `drop`: does not hear of the flag FIRST and its value.
 * - `sql`: does FIRST to its database when it ends.
 * - `reveal`: says the value of the variable FIRST where it should say `***`.
 * - `keep`: keeps the value of the variable FIRST in a file of its own, in the form SECOND of Buffer's.
 * - `die`: is killed after FIRST milliseconds.
 */
import { spawn } from "node:child_process";
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

const [launcher = "", ...words] = process.argv.slice(2);
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
    rewriteOutput((text) => text.replaceAll(new RegExp(from, "g"), to.replaceAll("PID", String(process.pid))));
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
  become: (begin, other) => {
    if (words.join(" ").startsWith(begin)) words.splice(0, begin.split(" ").length, ...other.split(" "));
  },
  drop: (flag) => {
    const at = words.indexOf(flag);
    if (at !== -1) words.splice(at, 2);
  },
  sql: (statement) => {
    process.on("exit", () => {
      const file = join(process.cwd(), ".mahavishnu", "state.db");
      if (!existsSync(file)) return;
      const database = new DatabaseSync(file, { timeout: 5_000 });
      database.exec(statement);
      database.close();
    });
  },
  reveal: (name) => {
    rewriteOutput((text) => text.replaceAll("***", process.env[name] ?? "***"));
  },
  keep: (name, form) => {
    mkdirSync(join(process.cwd(), ".mahavishnu"), { recursive: true, mode: 0o700 });
    const value = Buffer.from(process.env[name] ?? "").toString(form as BufferEncoding);
    writeFileSync(join(process.cwd(), ".mahavishnu", "debug.log"), value);
  },
  die: (ms) => {
    setTimeout(() => process.kill(process.pid, "SIGKILL"), Number(ms));
  },
};

function rewriteOutput(rewrite: (text: string) => string): void {
  const write = process.stdout.write.bind(process.stdout);
  process.stdout.write = (chunk: string | Uint8Array, ...rest: unknown[]) =>
    write(typeof chunk === "string" ? rewrite(chunk) : chunk, ...(rest as [BufferEncoding]));
}

const command = words.join(" ");
for (const [kind, where, first, second] of faults) {
  const fault = plant[kind];
  if (fault === undefined) throw new Error(`unknown fault "${kind}"`);
  if (command.startsWith(where)) fault(first, second);
}
process.argv.splice(2, process.argv.length, ...words);
if (!answered) await import(launcher);

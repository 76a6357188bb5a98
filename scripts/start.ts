/**
 * `npm start`: makes the demo workspace in demo/, runs a workflow over its fleet, and asks for the verdict. Everything
 * is done by the shipped command, as a user would call it. Exits 0 when the verdict is ready or usable, else 1.
 */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { root } from "./lib/root.ts";

const command = join(root, "bin/mahavishnu.js");
const tips = `
Try next:
  npx mahavishnu runs list -C demo                       what has run
  git -C demo/fleet/yaml show add-editorconfig           what the run has committed, on a branch of its own
  npx mahavishnu run inventory -C demo                   another workflow
  npx mahavishnu exec -C demo -- git log -1 --oneline    one command in every repository
  npx mahavishnu repos graph -C demo                     which repository needs which
  npx mahavishnu production explain SEC003 -C demo       what one check proves, and how
  npx mahavishnu --help

`;

// Ctrl-C reaches the command too, which ends in its own way; this script only waits for it.
process.on("SIGINT", () => {});

process.exitCode = await start();

async function start(): Promise<number> {
  const made = await call(["init", "demo", "--demo"]);
  if (made !== 0) return 1;
  const ran = await call(["run", "add-editorconfig", "-C", "demo"]);
  if (ran !== 0) return 1;
  const verdict = await call(["production", "run-all-tests", "-C", "demo"], { beforeLastLine: tips });
  return verdict === 0 || verdict === 2 ? 0 : 1;
}

/** Runs the command on this terminal. The exit code; 1 when a signal ended it. */
async function call(args: readonly string[], options: { readonly beforeLastLine?: string } = {}): Promise<number> {
  const { beforeLastLine } = options;
  process.stdout.write(`\n$ mahavishnu ${args.join(" ")}\n`);
  const piped = beforeLastLine !== undefined;
  const child = spawn(process.execPath, [command, ...args], {
    cwd: root,
    stdio: ["ignore", piped ? "pipe" : "inherit", "inherit"],
    env: piped && process.stdout.isTTY ? { ...process.env, FORCE_COLOR: "1" } : process.env,
  });
  const ended = new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve(code ?? 1));
  });
  if (child.stdout === null) return await ended;
  // The last line is the answer, and stays the last: what to try next comes before it.
  let held: string | undefined;
  for await (const line of createInterface({ input: child.stdout })) {
    if (held !== undefined) process.stdout.write(`${held}\n`);
    held = line;
  }
  const code = await ended;
  process.stdout.write(`${beforeLastLine ?? ""}${held === undefined ? "" : `${held}\n`}`);
  return code;
}

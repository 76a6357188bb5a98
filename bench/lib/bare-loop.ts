import { runQuietly } from "./spawn-sync.ts";

/** A program of its own: `node -e PROGRAM GIT-ARGUMENTS-AS-JSON PARALLEL REPOSITORY...`. */
const program = `
const { spawn } = require("node:child_process");
const [args, parallel, ...repos] = process.argv.slice(1);
let next = 0;
const worker = async () => {
  while (next < repos.length) {
    const cwd = repos[next++];
    await new Promise((resolve, reject) => {
      const child = spawn("git", JSON.parse(args), { cwd, stdio: ["ignore", "pipe", "pipe"] });
      const out = [];
      child.stdout.on("data", (chunk) => out.push(chunk));
      child.stderr.on("data", (chunk) => out.push(chunk));
      child.on("close", (code) => (code === 0 ? resolve() : reject(new Error(String(code)))));
    });
  }
};
Promise.all(Array.from({ length: Number(parallel) }, worker));
`;

/**
 * The peer of what works on many repositories: a Node process that runs one git command in each, so many at once, collects
 * the output, and does nothing else.
 */
export function runBareLoop(args: readonly string[], parallel: number, repositories: readonly string[]): void {
  runQuietly(process.execPath, ["-e", program, JSON.stringify(args), String(parallel), ...repositories]);
}

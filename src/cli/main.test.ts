import { spawn } from "node:child_process";
import { open } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { describe, expect, it } from "vitest";

const main = `${import.meta.dirname}/main.ts`;

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the CLI from its source as a process of its own. */
async function runMain(argv: readonly string[], stdout: "pipe" | number = "pipe"): Promise<Ended> {
  const child = spawn(process.execPath, [main, ...argv], { stdio: ["ignore", stdout, "pipe"] });
  const exited = new Promise<number | null>((resolve) => child.once("exit", (code) => resolve(code)));
  const [out, err, code] = await Promise.all([
    child.stdout === null ? "" : text(child.stdout),
    child.stderr === null ? "" : text(child.stderr),
    exited,
  ]);
  return { code, stdout: out, stderr: err };
}

describe("the process mahavishnu", () => {
  it("answers --version", async () => {
    const { code, stdout, stderr } = await runMain(["--version"]);
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect(stderr).toBe("");
    expect(code).toBe(0);
  });

  it("exits with the code of the table", async () => {
    const { code, stdout, stderr } = await runMain(["rnu"]);
    expect(code).toBe(64);
    expect(stdout).toBe("");
    expect(stderr).toContain('did you mean "run"?');
  });

  it("is quiet when its reader goes away", async () => {
    const child = spawn(process.execPath, [main, "--help"], { stdio: ["ignore", "pipe", "pipe"] });
    child.stdout.destroy();
    const [stderr, code] = await Promise.all([
      text(child.stderr),
      new Promise((resolve) => child.once("exit", (exitCode) => resolve(exitCode))),
    ]);
    expect(stderr).toBe("");
    expect(code).toBe(0);
  });

  it.runIf(process.platform === "linux")("says so when its output cannot be written, with 70", async () => {
    await using full = await open("/dev/full", "w");
    const { code, stderr } = await runMain(["--help"], full.fd);
    expect(stderr).toContain("mahavishnu: cannot write to the standard output: ENOSPC");
    expect(code).toBe(70);
  });
});

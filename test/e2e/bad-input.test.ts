import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  commandLineCases,
  configurationCases,
  manifestCases,
  stateCases,
  workflowsCases,
} from "../support/bad-input-cases.ts";
import { makeBadWorkspace } from "../support/bad-workspace.ts";
import { type CliResult, runCaptured } from "../support/capture-cli.ts";

let root: string;
let made = 0;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "bad-"));
});
afterAll(async () => {
  await rm(root, { recursive: true, force: true });
});

const env = { PATH: process.env["PATH"] ?? "", HOME: tmpdir() };

async function call(
  cwd: string,
  argv: readonly string[],
  more: Readonly<Record<string, string>> = {},
): Promise<CliResult> {
  return await runCaptured(argv, { cwd, env: { ...env, ...more } });
}

describe.each([
  ["configuration", configurationCases],
  ["manifest", manifestCases],
  ["workflows", workflowsCases],
  ["command line", commandLineCases],
  ["state", stateCases],
] as const)("bad input: %s", (_, cases) => {
  it.each(cases)("$what", async ({ argv, code, says, bad = {}, env: more }) => {
    const folder = makeBadWorkspace(join(root, `w${(made += 1)}`), bad);
    const damaged = join(folder, ".mahavishnu/state.db");
    // A damaged database is to be left as it is.
    const read = async (): Promise<string | undefined> =>
      typeof bad[".mahavishnu/state.db"] === "string" ? await readFile(damaged, "utf8") : undefined;
    const before = await read();
    const { exitCode, stdout, stderr } = await call(folder, argv, more);
    const told = `${stdout}${stderr}`;
    for (const part of says) expect(told).toContain(part);
    expect(exitCode, told).toBe(code);
    expect(told).not.toMatch(/^\s+at .*:\d+:\d+\)?$|TypeError|ReferenceError|\[INTERNAL\]/m);
    expect(told.length, "a message fits on a few screens").toBeLessThan(8_000);
    // Nothing half-done: what was damaged is as it was, and no run was begun.
    expect(await read()).toBe(before);
    expect(existsSync(join(folder, ".mahavishnu/runs"))).toBe(false);
  });
});

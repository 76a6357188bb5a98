import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { runCaptured } from "../../../test/support/capture-cli.ts";

let cwd: string;

beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), "key-"));
  writeFileSync(join(cwd, "mahavishnu.yaml"), "version: 1\nauth: { enabled: false }\n");
  writeFileSync(join(cwd, "repos.yaml"), "version: 1\nrepos: { web: {}, api: {} }\n");
  for (const name of ["web", "api"]) execFileSync("git", ["init", "-q", join(cwd, name)]);
  mkdirSync(join(cwd, "workflows"));
  const jobs = "jobs: { j: { sweep: {}, checkout: inPlace, steps: [{ run: 'echo ${{ inputs.n }}' }] } }";
  for (const name of ["one", "two"]) {
    const text = `version: 1\nname: ${name}\ninputs: { n: { type: integer, default: 1 } }\n${jobs}\n`;
    writeFileSync(join(cwd, "workflows", `${name}.yaml`), text);
  }
});
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

const call = async (...words: string[]): ReturnType<typeof runCaptured> =>
  await runCaptured(["-C", cwd, "run", ...words, "--idempotency-key", "k", "-o", "json"]);

it("starts one run with an idempotency key, and refuses the key for anything else", async () => {
  const first = await call("one");
  expect(first.exitCode).toBe(0);
  const { id } = JSON.parse(first.stdout) as { id: string };
  const again = await call("one");
  expect([again.exitCode, (JSON.parse(again.stdout) as { id: string }).id]).toEqual([0, id]);
  for (const [words, other] of [
    [["two"], "workflow one"],
    [["one", "-i", "n=2"], "other inputs"],
    [["one", "-s", "name:web"], "other repositories"],
  ] as const) {
    const refused = await call(...words);
    expect(refused.exitCode).toBe(64);
    expect(JSON.parse(refused.stdout)).toMatchObject({
      error: { code: "KEY_TAKEN", message: expect.stringContaining(`run ${id}, which has ${other}`) as string },
    });
  }
});

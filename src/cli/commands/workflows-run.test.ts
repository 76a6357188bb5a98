import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runCaptured } from "../../../test/support/capture-cli.ts";

let cwd: string;

beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), "workflows-"));
  await mkdir(join(cwd, "workflows"));
  await writeFile(join(cwd, "mahavishnu.yaml"), "version: 1\nauth: { enabled: false }\n");
  await writeFile(
    join(cwd, "workflows/w.yaml"),
    `version: 1\nname: w\njobs:\n  j: { sweep: { select: "@webb" }, steps: [{ run: "true" }] }\n`,
  );
});
afterEach(async () => {
  await rm(cwd, { recursive: true, force: true });
});

const call = async (...words: string[]): ReturnType<typeof runCaptured> => await runCaptured(["-C", cwd, ...words]);
const problem = 'workflows/w.yaml:4:26  unknown selector "@webb"';

describe("workflows", () => {
  it("are held against the selectors of the manifest, wherever they are read", async () => {
    await writeFile(join(cwd, "repos.yaml"), "version: 1\nrepos: {}\nselectors: { web: 'tag:web' }\n");
    const validated = await call("workflows", "validate");
    expect([validated.exitCode, validated.stdout]).toEqual([1, expect.stringContaining(problem)]);
    expect(validated.stdout).toContain('^^^^^ did you mean "web"?');
    const file = await call("workflows", "validate", join(cwd, "workflows/w.yaml"));
    expect([file.exitCode, file.stdout]).toEqual([1, expect.stringContaining(problem)]);
    const planned = await call("plan", "w");
    expect([planned.exitCode, planned.stderr]).toEqual([1, expect.stringContaining(problem)]);
  });

  it("are not blamed for a manifest that cannot be read", async () => {
    await writeFile(join(cwd, "repos.yaml"), "version: 1\nrepos: [\n");
    expect(await call("workflows", "validate")).toMatchObject({ exitCode: 0 });
    const planned = await call("plan", "w");
    expect([planned.exitCode, planned.stderr]).toEqual([1, expect.stringContaining("repos.yaml:")]);
  });
});

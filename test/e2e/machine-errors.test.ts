import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import type { Command } from "commander";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { commandPath } from "../../src/cli/declare.ts";
import { errorCatalogue } from "../../src/lib/error-catalogue.ts";
import { makeBadWorkspace } from "../support/bad-workspace.ts";
import { runCaptured } from "../support/capture-cli.ts";
import { buildTestProgram } from "../support/command-lines.ts";

let root: string;
let made = 0;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "errors-"));
});
afterAll(async () => {
  await rm(root, { recursive: true, force: true });
});

const env = { PATH: process.env["PATH"] ?? "", HOME: tmpdir() };

/** Every command that does something, with an argument for each that it must have. */
function listCalls(command: Command = buildTestProgram()): string[][] {
  const below = command.commands.filter((child) => child.name() !== "help" && !("_hidden" in child && child._hidden));
  if (below.length > 0) return below.flatMap(listCalls);
  const words = commandPath(command).split(" ").slice(1);
  const needed = command.registeredArguments.filter(({ required }) => required).map(() => "x");
  return [words[0] === "exec" ? ["exec", "--", "x"] : [...words, ...needed]];
}

describe("each command tells a failure as one document of the published shape, alone on the standard output", async () => {
  const schema: unknown = JSON.parse(
    await readFile(join(import.meta.dirname, "../../schemas/output-error.v1.json"), "utf8"),
  );
  const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(schema as object);
  const formatOf = (argv: readonly string[]): string => (argv.join(" ").startsWith("runs logs") ? "ndjson" : "json");

  it.each(listCalls().map((argv) => ({ argv, name: argv.join(" ") })))("$name", async ({ argv }) => {
    const folder = makeBadWorkspace(join(root, `w${(made += 1)}`), {});
    const { exitCode, stdout, stderr } = await runCaptured(["-o", formatOf(argv), "--nope", ...argv], {
      cwd: folder,
      env,
    });
    const document = JSON.parse(stdout) as { readonly error: { readonly code: keyof typeof errorCatalogue } };
    expect(validate(document), JSON.stringify(validate.errors)).toBe(true);
    expect(exitCode).toBe(errorCatalogue[document.error.code].exitCode);
    expect(stderr).toBe("");
  });

  it.each(listCalls().map((argv) => ({ argv, name: argv.join(" ") })))("$name, by a broken file", async ({ argv }) => {
    const folder = makeBadWorkspace(join(root, `w${(made += 1)}`), {
      "mahavishnu.yaml": "version: 1\nlimits: 3\n",
      "x/mahavishnu.yaml": "",
    });
    const { exitCode, stdout, stderr } = await runCaptured(["-o", formatOf(argv), ...argv], { cwd: folder, env });
    // The readiness suite has a report for it, a schema needs no workspace, and some commands look at files alone.
    const document = JSON.parse(stdout) as { readonly error?: { readonly code: keyof typeof errorCatalogue } };
    if (document.error === undefined) return;
    expect(validate(document), JSON.stringify(validate.errors)).toBe(true);
    expect(exitCode).toBe(errorCatalogue[document.error.code].exitCode);
    expect(stderr).toBe("");
  });
});

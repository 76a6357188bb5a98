import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { inspect } from "node:util";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { UserFileError } from "../lib/errors.ts";
import { loadConfig, tryLoadConfig } from "./load-config.ts";
import { readSecrets, resolveSecrets } from "./secret-references.ts";
import { parseSecretSource } from "./secret-source.ts";
import { showConfig } from "./show-config.ts";
import { withWorkspace } from "./workspace-fixture.ts";

const runs = Number(process.env["FUZZ_RUNS"] ?? 100);
const canary = "Tr0ub4dor&3-correct-horse-battery-staple";

async function errorOf(promise: Promise<unknown>): Promise<unknown> {
  return await promise.then(
    () => "no error",
    (error: unknown) => error,
  );
}

describe("parseSecretSource", () => {
  it("knows references from plain text", () => {
    expect(parseSecretSource("${env:A_1}")).toEqual({ kind: "env", reference: "${env:A_1}", name: "A_1" });
    expect(parseSecretSource("${file:a b/c}")).toEqual({ kind: "file", reference: "${file:a b/c}", path: "a b/c" });
    expect(parseSecretSource("pa$$word{}")).toMatchObject({ kind: "plain" });
  });

  it.each([
    "",
    " ",
    "${env:}",
    "${env:A-B}",
    "${file:}",
    "${file: }",
    "${vault:a}",
    "x${env:A}",
    "${env:A}x",
    "${env:A}${env:B}",
  ])("refuses %j", (text) => {
    expect(parseSecretSource(text)).toHaveProperty("problem");
  });

  it("never holds the text of a secret where it can be read", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 12 }), (text) => {
        fc.pre(!text.startsWith("${") && text.trim().length >= 12);
        const source = parseSecretSource(text);
        expect(JSON.stringify(source) + inspect(source, { depth: 9, showHidden: true })).not.toContain(text);
      }),
      { numRuns: runs },
    );
  });
});

describe("resolveSecrets", () => {
  const text = [
    "version: 1",
    "auth: { secret: '${file:secrets/auth}' }",
    "secrets:",
    "  TOKEN: ${env:TOKEN}",
    "  constructor: plain-text",
    "",
  ].join("\n");

  it("reads variables and files, and drops one newline at the end of a file", async () => {
    await withWorkspace(
      { "mahavishnu.yaml": text.replace("secrets/auth", "auth"), auth: "line\n\n" },
      async (workspace) => {
        const loaded = await loadConfig({ workspace, env: {}, set: [] });
        const secrets = await resolveSecrets(loaded, { TOKEN: " token " });
        expect(secrets.auth?.reveal()).toBe("line\n");
        expect([...secrets.named].map(([name, value]) => [name, value.reveal()])).toEqual([
          ["TOKEN", " token "],
          ["constructor", "plain-text"],
        ]);
        await writeFile(join(workspace, "auth"), "windows\r\n");
        expect((await resolveSecrets(loaded, { TOKEN: "t" })).auth?.reveal()).toBe("windows");
      },
    );
  });

  it("loads without them, and names each reference that leads to nothing", async () => {
    await withWorkspace({ "mahavishnu.yaml": text }, async (workspace) => {
      const loaded = await loadConfig({ workspace, env: {}, set: [] });
      const error = await errorOf(resolveSecrets(loaded, { TOKEN: " " }));
      expect(error).toBeInstanceOf(UserFileError);
      expect(error).toMatchObject({ code: "SECRET_UNRESOLVED" });
      expect((error as Error).message.replaceAll(workspace, "WORKSPACE")).toMatchInlineSnapshot(`
        "mahavishnu.yaml:2:17  auth.secret: \${file:secrets/auth} leads to nothing: there is no such file
            2 | auth: { secret: '\${file:secrets/auth}' }
              |                 ^^^^^^^^^^^^^^^^^^^^^^ write the secret into WORKSPACE/secrets/auth

        mahavishnu.yaml:4:10  secrets.TOKEN: \${env:TOKEN} leads to nothing: the variable is empty
            4 |   TOKEN: \${env:TOKEN}
              |          ^^^^^^^^^^^^ set TOKEN in the environment"
      `);
    });
  });

  it("hands the readiness suite every outcome", async () => {
    await withWorkspace({ "mahavishnu.yaml": text }, async (workspace) => {
      const loaded = await loadConfig({ workspace, env: {}, set: [] });
      const outcomes = await readSecrets(loaded, { TOKEN: canary });
      expect(outcomes.map(({ path, reference, result }) => [path, reference, result.ok])).toEqual([
        ["auth.secret", "${file:secrets/auth}", false],
        ["secrets.TOKEN", "${env:TOKEN}", true],
        ["secrets.constructor", null, true],
      ]);
      expect(outcomes[0]?.file).toBe(join(workspace, "secrets/auth"));
      expect(JSON.stringify(outcomes) + inspect(outcomes, { depth: 9 })).not.toContain(canary);
    });
  });

  it("refuses a folder, a device and bytes that are no text", async () => {
    await withWorkspace({ "mahavishnu.yaml": "version: 1\n" }, async (workspace) => {
      await writeFile(join(workspace, "bytes"), Buffer.from([0xff, 0xfe, 0xfd]));
      const set = ["secrets.A=${file:.}", "secrets.B=${file:/dev/zero}", "secrets.C=${file:bytes}"];
      const loaded = await loadConfig({ workspace, env: {}, set });
      const outcomes = await readSecrets(loaded, {});
      expect(outcomes.map(({ result }) => (result.ok ? "ok" : result.reason))).toEqual([
        "it is a folder",
        "it is not a regular file",
        "it is not UTF-8 text",
      ]);
    });
  });
});

describe("a secret in plain text", () => {
  it("is in nothing that can be printed of a loaded configuration", async () => {
    const text = `version: 1\nauth: { secret: "${canary}" }\nsecrets: { A: "${canary}" }\n`;
    await withWorkspace({ "mahavishnu.yaml": text }, async (workspace) => {
      const env = { MAHAVISHNU_SECRETS__B: canary };
      const loaded = await loadConfig({ workspace, env, set: [`secrets.C=${canary}`] });
      const printed = [
        JSON.stringify(loaded),
        JSON.stringify([...loaded.origins, ...loaded.entries]),
        inspect(loaded, { depth: 20, showHidden: true }),
        JSON.stringify(showConfig(loaded)),
      ].join("\n");
      expect(printed).not.toContain(canary);
      expect(loaded.config.auth.secret).toMatchObject({ kind: "plain" });
    });
  });

  it.each([
    `auth: { secret: ${canary}, x: 1 }`,
    `auth: { secrte: ${canary} }`,
    `auth:\n  secret: "${canary}`,
    `auth:\n  secret: ${canary}\n bad`,
    `auth:\n  secret: *${canary}`,
    `auth:\n  secret: !${canary} x`,
    `auth:\n  secret: "\\q${canary}"`,
    `auth:\n  secret: @${canary}`,
    `auth:\n  secret: %${canary}`,
    `auth:\n  secret: a: ${canary}`,
    `auth:\n  secret: [${canary}]`,
    `auth:\n  secret: { ${canary}: 1 }`,
    `auth:\n  secret: |\n ${canary}\n`,
    `auth:\n  secret:\n    - ${canary}`,
    `auth: ${canary}`,
    `secrets: ${canary}`,
    `secrets: [${canary}]`,
    `secrets:\n  ${canary}`,
    `secrets:\n  A: ["${canary}"]`,
    `secrets:\n  A: 1\n  A: ${canary}`,
    `secrets: { A-B: ${canary} }`,
    `secrets: { A: "x\${env:A}${canary}" }`,
    `secrets: { profile: { enabled: ${canary} } }`,
    `profile: production # was: ${canary}\nprofile: x`,
    `token: ${canary}`,
    `adapters: { prefect: { token: ${canary} } }`,
    canary,
    `{ secret: ${canary}`,
    `telemetry:\n  channels: { ops: { webhook: "https://hooks.example.test/${canary}", file: x } }`,
  ])("is in no message about a file: %j", async (lines) => {
    await withWorkspace({ "mahavishnu.yaml": `version: 1\n${lines}\n` }, async (workspace) => {
      const result = await tryLoadConfig({ workspace, env: {}, set: [] });
      expect(result.loaded).toBeUndefined();
      if (result.loaded !== undefined) return;
      const text = result.error.message + JSON.stringify(result.problems) + inspect(result.error, { depth: 9 });
      expect(text).not.toContain("Tr0ub4dor");
      expect(text).not.toContain("correct-horse");
    });
  });

  it("is in no message about a variable or a flag", async () => {
    await withWorkspace({ "mahavishnu.yaml": "version: 1\n" }, async (workspace) => {
      const env = {
        MAHAVISHNU_AUTH_SECRET: canary,
        MAHAVISHNU_AUTH__SECRTE: canary,
        MAHAVISHNU_AUTH__SECRET: `\${vault:${canary}}`,
        MAHAVISHNU_SECRETS: canary,
      };
      const set = [
        `auth.secret:${canary}`,
        `auth.secrte=${canary}`,
        `secrets=${canary}`,
        `secrets.A=\${file:x}${canary}`,
      ];
      const error = await errorOf(loadConfig({ workspace, env, set }));
      expect(error).toBeInstanceOf(UserFileError);
      expect(inspect(error, { depth: 9 })).not.toContain("Tr0ub4dor");
    });
  });
});

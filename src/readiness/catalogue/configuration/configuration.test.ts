import { chmodSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { commitFiles, git, makeRepository, writeFiles } from "../../../../test/support/git-fixture.ts";
import { seededRandom } from "../../statistics.ts";
import type { Result } from "../../types.ts";
import { type AskOptions, goodConfig, goodSecret, openCheckStage } from "../ask-check-fixture.ts";
import { findPlainText } from "./find-plain-text.ts";
import { readLog } from "./search-history.ts";

const numRuns = Number(process.env["FUZZ_RUNS"] ?? 100);

async function ask(id: string, config?: string, options?: AskOptions): Promise<Result | undefined> {
  await using stage = openCheckStage(config === undefined ? {} : { "mahavishnu.yaml": config });
  return (await stage.ask(id, options))[0];
}

/** A token of the right form that no provider has given out; put together so that no scanner finds it here. */
const gitHubToken = ["ghp", "aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3zA5"].join("_");

describe("CFG001", () => {
  it("passes when everything that is needed is there", async () => {
    expect(await ask("CFG001")).toMatchObject({ status: "pass", probe: "static" });
  });

  it("fails for a key that another one makes necessary, and stands in nobody's way", async () => {
    await using stage = openCheckStage({ "mahavishnu.yaml": "version: 1\n" });
    expect((await stage.ask("CFG001"))[0]).toMatchObject({
      status: "fail",
      reason: "auth.secret is missing, and auth.enabled is true",
      remediation: { command: "auth: { secret: ${env:MAHAVISHNU_AUTH_SECRET} }" },
    });
    expect((await stage.ask("LIM001"))[0]).toMatchObject({ status: "pass" });
  });

  it.each([
    ["no version", "profile: production\n", /version/],
    ["broken syntax", "version: [1\n", /mahavishnu\.yaml:/],
  ])("fails for %s, and blocks the rest", async (_, config, reason) => {
    await using stage = openCheckStage({ "mahavishnu.yaml": config });
    const [result] = await stage.ask("CFG001");
    expect(result).toMatchObject({ status: "fail" });
    expect(result?.reason).toMatch(reason);
    expect((await stage.ask("LIM001"))[0]).toMatchObject({ status: "blocked", blockedBy: ["CFG001"] });
  });

  it("fails without a configuration", async () => {
    await using stage = openCheckStage();
    const { rm } = await import("node:fs/promises");
    await rm(join(stage.workspace, "mahavishnu.yaml"));
    expect((await stage.ask("CFG001"))[0]).toMatchObject({ status: "fail" });
    expect((await stage.ask("CFG005"))[0]).toMatchObject({ status: "notApplicable" });
  });
});

describe("CFG005 and CFG006", () => {
  it("tell unknown keys from wrong values", async () => {
    const config = `${goodConfig}limts: {}\nlimits: { timeout: 15 }\n`;
    const unknown = await ask("CFG005", config);
    expect(unknown).toMatchObject({ status: "fail", severity: "error" });
    expect(unknown?.reason).toMatch(/mahavishnu\.yaml:3:1: unknown key "limts".*limits/);
    const value = await ask("CFG006", config);
    expect(value).toMatchObject({ status: "fail" });
    expect(value?.reason).toMatch(/mahavishnu\.yaml:4:/);
    expect(await ask("CFG001", config)).toMatchObject({ status: "pass" });
    expect(await ask("CFG005")).toMatchObject({ status: "pass" });
    expect(await ask("CFG006")).toMatchObject({ status: "pass" });
  });

  it("take a key that is not built yet for unknown", async () => {
    expect(await ask("CFG005", `${goodConfig}schedules: { nightly: 1 }\n`)).toMatchObject({ status: "fail" });
  });
});

describe("CFG008 and CFG009", () => {
  it("follow every reference and tell lengths, never values", async () => {
    expect(await ask("CFG008")).toMatchObject({ status: "pass", reason: "1 of 1 references lead to a value" });
    const secrets = await ask("CFG009");
    expect(secrets).toMatchObject({ status: "pass", reason: "auth.secret from environment: 43 characters" });
    expect(JSON.stringify(secrets)).not.toContain(goodSecret.slice(0, 8));
  });

  it("fail for a variable that is not set or empty and for a file that is missing", async () => {
    const config = `${goodConfig}secrets: { A: "\${env:NOT_SET}", B: "\${file:none}", C: "\${env:EMPTY}" }\n`;
    const result = await ask("CFG008", config, { env: { EMPTY: " " } });
    expect(result).toMatchObject({ status: "fail", expected: "4 of 4 references resolved", observed: "1 of 4" });
    for (const reference of ["${env:NOT_SET}", "${file:none}", "${env:EMPTY}"])
      expect(result?.reason).toContain(reference);
    expect(await ask("CFG009", config)).toMatchObject({ status: "blocked", blockedBy: ["CFG008"] });
  });

  it("do not apply without references and secrets", async () => {
    const config = "version: 1\nauth: { enabled: false }\n";
    expect(await ask("CFG008", config)).toMatchObject({ status: "notApplicable" });
    expect(await ask("CFG009", config)).toMatchObject({ status: "notApplicable" });
  });
});

describe("CFG010", () => {
  it("passes for references, names, paths and commits", async () => {
    const workflow = `version: 1\nname: x\n# see 3f2a91c07d4b8e5f6a1b2c3d4e5f60718293a4b5\njobs:\n  a: { steps: [{ run: npm ci, env: { NPM_TOKEN: "\${{ secrets.NPM_TOKEN }}" } }] }\n`;
    await using stage = openCheckStage({ "workflows/x.yaml": workflow });
    expect((await stage.ask("CFG010"))[0]).toMatchObject({ status: "pass" });
  });

  it("finds a secret in the configuration, in the manifest, in a workflow and in a comment", async () => {
    expect(await ask("CFG010", "version: 1\nauth: { secret: hunter2hunter2 }\n")).toMatchObject({
      status: "fail",
      reason: "mahavishnu.yaml:2:17: auth.secret is written in plain text",
    });
    await using stage = openCheckStage({
      "repos.yaml": "version: 1\nrepos:\n  a: { url: 'https://dana:hunter2@git.example.test/a.git' }\n",
      "workflows/x.yaml":
        "version: 1\nname: x\njobs: { a: { steps: [{ run: deploy, env: { API_TOKEN: 8f3a9c1d2e4b } }] } }\n",
    });
    const [result] = await stage.ask("CFG010");
    expect(result?.evidence.map(({ text }) => text)).toEqual([
      "repos.yaml:3: a password in a URL",
      'workflows/x.yaml:3: the value of "API_TOKEN"',
    ]);
    expect(JSON.stringify(result)).not.toContain("hunter2");
    expect(await ask("CFG010", `${goodConfig}# ${gitHubToken}\n`)).toMatchObject({ status: "fail" });
  });

  it("asks secretlint about words that only it knows", async () => {
    const sendGrid = ["SG", "abcdefghij1234567890ab", "abcdefghijklmnopqrstuvwxyz0123456789abcdefg"].join(".");
    expect(await ask("CFG010", `${goodConfig}# ${sendGrid}\n`)).toMatchObject({ status: "fail" });
  });

  it("looks into the git history when it acts", async () => {
    await using stage = openCheckStage();
    expect((await stage.ask("CFG010", { live: true }))[0]).toMatchObject({
      status: "pass",
      probe: "live",
      reason: /no git repository/,
    });
    makeRepository(stage.workspace, { "mahavishnu.yaml": `${goodConfig}# ${gitHubToken}\n` });
    commitFiles(stage.workspace, { "mahavishnu.yaml": goodConfig });
    expect((await stage.ask("CFG010"))[0]).toMatchObject({ status: "pass", probe: "static" });
    const [result] = await stage.ask("CFG010", { live: true });
    const first = git(stage.workspace, "rev-list", "--max-parents=0", "HEAD").slice(0, 8);
    expect(result).toMatchObject({
      status: "fail",
      probe: "live",
      reason: `mahavishnu.yaml in ${first}: a GitHub token`,
    });
  });
});

describe("findPlainText", () => {
  it.each([
    ["password: hunter2hunter2", 'the value of "password"'],
    ['  "apiKey": "abcd1234efgh"', 'the value of "apiKey"'],
    ["NPM_TOKEN=abcdefgh", 'the value of "NPM_TOKEN"'],
    ["-----BEGIN RSA PRIVATE KEY-----", "a private key"],
    ["url: ssh://git:s3cret@host/x", "a password in a URL"],
    [`x: ${goodSecret}`, "a word that looks like a key"],
    [`x: ${["AKIA", "1234567890ABCDEF"].join("")}`, "an AWS access key"],
  ])("finds %s", (text, what) => {
    expect(findPlainText(`a\n${text}\nb`)).toEqual([{ line: 2, what }]);
  });

  it.each([
    "secret: ${env:AUTH}",
    "secret: ${file:/run/secrets/x}",
    "tokenTtl: 1h",
    "token: ***",
    "password: short",
    "url: git@git.example.test:acme/gateway.git",
    "url: https://user@host/x",
    "url: https://${USER}:${TOKEN}@host/x",
    "path: packages/team-identity/src/components/AuthenticationProvider2Factory",
    "commit: 3f2a91c07d4b8e5f6a1b2c3d4e5f60718293a4b5",
    "NPM_TOKEN: ${{ secrets.NPM_TOKEN }}",
    "passwordFile: /run/secrets/db-password",
  ])("leaves %s alone", (text) => {
    expect(findPlainText(text)).toEqual([]);
  });

  it("finds 199 of 200 random keys of 32 bytes", () => {
    const random = seededRandom(11);
    const keys = Array.from({ length: 2_000 }, () =>
      Buffer.from(Array.from({ length: 32 }, () => Math.floor(random() * 256))).toString("base64"),
    );
    expect(keys.filter((key) => findPlainText(`x: "${key}"`).length === 1).length).toBeGreaterThan(1_990);
  });

  it("ends for every text", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), (noise) => {
        expect(findPlainText(noise.repeat(20)).every(({ line }) => line >= 1)).toBe(true);
      }),
      { numRuns },
    );
  });
});

describe("readLog", () => {
  it("reads added lines with their file and commit", () => {
    const log = `commit ${"a".repeat(40)}\n\ndiff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -0,0 +1 @@\n+password: hunter2hunter2\n-password: removed11\n`;
    expect(readLog(log)).toEqual({ commits: 1, found: ['x in aaaaaaaa: the value of "password"'] });
  });
});

describe("CFG011", () => {
  it("wants the configuration unchangeable and secrets unreadable for others", async () => {
    await using stage = openCheckStage({
      "mahavishnu.yaml": "version: 1\nauth: { secret: '${file:key}' }\n",
      key: goodSecret,
    });
    const key = join(stage.workspace, "key");
    expect((await stage.ask("CFG011"))[0]).toMatchObject({ status: "pass" });
    chmodSync(key, 0o644);
    expect((await stage.ask("CFG011"))[0]).toMatchObject({
      status: "fail",
      reason: "key (mode 0644) can be read by its group and everybody",
      remediation: { command: "chmod go-rwx key" },
    });
    chmodSync(key, 0o600);
    chmodSync(join(stage.workspace, "repos.yaml"), 0o664);
    expect((await stage.ask("CFG011"))[0]).toMatchObject({
      status: "fail",
      reason: "repos.yaml (mode 0664) can be changed by its group",
    });
    chmodSync(join(stage.workspace, "repos.yaml"), 0o644);
    writeFiles(stage.workspace, { ".mahavishnu/x": "" });
    chmodSync(join(stage.workspace, ".mahavishnu"), 0o750);
    expect((await stage.ask("CFG011"))[0]).toMatchObject({
      status: "fail",
      remediation: { command: "chmod go-rwx .mahavishnu" },
    });
    chmodSync(join(stage.workspace, ".mahavishnu"), 0o700);
    expect((await stage.ask("CFG011"))[0]).toMatchObject({ status: "pass" });
  });

  it("counts a configuration with a secret in plain text as a secret", async () => {
    await using stage = openCheckStage({ "mahavishnu.yaml": `version: 1\nauth: { secret: ${goodSecret} }\n` });
    chmodSync(join(stage.workspace, "mahavishnu.yaml"), 0o644);
    expect((await stage.ask("CFG011"))[0]).toMatchObject({ status: "fail" });
  });

  it("accuses no file of a secret that stands on the command line or in a variable", async () => {
    const config = "version: 1\nauth: { secret: '${file:key}' }\n";
    const env = { MAHAVISHNU_AUTH__SECRET: goodSecret };
    await using stage = openCheckStage({ "mahavishnu.yaml": config, key: goodSecret });
    chmodSync(join(stage.workspace, "mahavishnu.yaml"), 0o644);
    for (const given of [{ set: [`auth.secret=${goodSecret}`] }, { env }])
      expect((await stage.ask("CFG011", given))[0]).toMatchObject({ status: "pass" });
  });

  it("tries to read secrets as another user when it acts, or says that it could not", async () => {
    await using stage = openCheckStage({
      "mahavishnu.yaml": "version: 1\nauth: { secret: '${file:key}' }\n",
      key: goodSecret,
    });
    const [result] = await stage.ask("CFG011", { live: true });
    expect(result).toMatchObject({ status: "pass", probe: "live" });
    expect(result?.reason).toMatch(process.getuid?.() === 0 ? /could not read any of 1/ : /only root can/);
  });
});

describe("CFG012", () => {
  it("fails for a development configuration and for weakened tools, in production alone", async () => {
    expect(await ask("CFG012")).toMatchObject({ status: "pass" });
    const config = `${goodConfig}profile: development\n`;
    expect(await ask("CFG012", config)).toMatchObject({ status: "notApplicable" });
    expect(await ask("CFG012", config, { profile: "production" })).toMatchObject({
      status: "fail",
      severity: "critical",
    });
    const env = { NODE_TLS_REJECT_UNAUTHORIZED: "0" };
    expect(await ask("CFG012", goodConfig, { env })).toMatchObject({
      status: "fail",
      reason: /certificates are not verified/,
    });
  });
});

describe("the roll-ups", () => {
  it("repeat what their members found", async () => {
    await using stage = openCheckStage({
      "mahavishnu.yaml": "version: 1\nauth: { enabled: false }\nlimits: { maxConcurrentWorkflows: 40 }\n",
    });
    expect((await stage.ask("CFG002"))[0]).toMatchObject({
      status: "fail",
      severity: "critical",
      gates: ["config"],
      reason: "SEC001: auth.enabled is false",
    });
    expect((await stage.ask("CFG004"))[0]).toMatchObject({ status: "warn", severity: "warning", gates: [] });
    expect((await stage.ask("CFG003"))[0]).toMatchObject({ status: "notApplicable" });
  });
});

import { chmodSync, mkdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { commitFiles, git, gitFails, makeRepository } from "../../../../test/support/git-fixture.ts";
import { type CheckStage, openCheckStage } from "../ask-check-fixture.ts";

/** A workspace with sound repositories, and the manifest that names them. */
function openFleet(entries: readonly string[], names: readonly string[] = ["alpha", "beta"]): CheckStage {
  const stage = openCheckStage({
    "repos.yaml": `version: 1\nroot: fleet\nrepos:\n${entries.map((line) => `  ${line}\n`).join("")}`,
  });
  for (const name of names) makeRepository(join(stage.workspace, "fleet", name), { "README.md": name });
  return stage;
}

const two = ["alpha: {}", "beta: {}"];
const ids = ["RPO001", "RPO002", "RPO003", "RPO004", "RPO005", "RPO007", "RPO008", "RPO009", "RPO014"];

describe("a sound fleet", () => {
  it.each(ids)("passes %s, by reading alone and by asking git", async (id) => {
    await using stage = openFleet(two);
    for (const live of [false, true]) {
      const results = await stage.ask(id, { live });
      expect(results.map(({ status }) => status)).toEqual(results.map(() => "pass"));
      expect(results).toHaveLength(["RPO004", "RPO005"].includes(id) ? 1 : 2);
    }
  });
});

describe("a fleet without repositories", () => {
  it("fails RPO004 in production, warns in development, and the rest does not apply", async () => {
    await using stage = openCheckStage();
    expect((await stage.ask("RPO004"))[0]).toMatchObject({ status: "fail", severity: "critical" });
    expect((await stage.ask("RPO004", { profile: "development" }))[0]).toMatchObject({ status: "warn" });
    expect(await stage.ask("RPO001")).toMatchObject([{ status: "notApplicable", target: null }]);
  });
});

describe("RPO001", () => {
  it("fails for a repository that is missing, blocks what needs it, and lets the others go on", async () => {
    await using stage = openFleet(two, ["alpha"]);
    expect(await stage.ask("RPO001")).toMatchObject([
      { status: "pass", target: { name: "alpha" } },
      { status: "fail", severity: "critical", target: { name: "beta" } },
    ]);
    expect(await stage.ask("RPO003")).toMatchObject([{ status: "pass" }, { status: "blocked", blockedBy: ["RPO001"] }]);
  });

  it("only warns when the repository is optional", async () => {
    await using stage = openFleet(["alpha: {}", "beta: { optional: true }"], ["alpha"]);
    expect(await stage.ask("RPO001")).toMatchObject([{ status: "pass" }, { status: "warn", severity: "warning" }]);
  });

  it("asks the remote when it acts, without a prompt, and hides the password", async () => {
    await using stage = openFleet(["alpha: { url: REMOTE }", "beta: { url: GONE }"]);
    const remote = join(stage.workspace, "remote.git");
    git(stage.workspace, "clone", "--quiet", "--bare", "fleet/alpha", remote);
    const gone = `file://dana:hunter2@${stage.workspace}/gone.git`;
    writeFileSync(
      join(stage.workspace, "repos.yaml"),
      `version: 1\nroot: fleet\nrepos:\n  alpha: { url: "file://${remote}" }\n  beta: { url: "${gone}" }\n`,
    );
    expect((await stage.ask("RPO001")).map(({ status }) => status)).toEqual(["pass", "pass"]);
    const results = await stage.ask("RPO001", { live: true });
    expect(results).toMatchObject([{ status: "pass" }, { status: "fail", observed: /exit \d+ after/ }]);
    expect(JSON.stringify(results)).not.toContain("hunter2");
  });
});

describe("RPO002", () => {
  it("fails for a git folder that cannot be written", async () => {
    await using stage = openFleet(["alpha: {}"], ["alpha"]);
    const folder = join(stage.workspace, "fleet", "alpha", ".git");
    chmodSync(folder, 0o500);
    const [result] = await stage.ask("RPO002");
    // Root may write everywhere: there the rights cannot be taken away, and the check rightly passes.
    expect(result?.status).toBe(process.getuid?.() === 0 ? "pass" : "fail");
    chmodSync(folder, 0o700);
  });
});

describe("RPO003", () => {
  it("fails for a plain folder, a bare repository, no commit, a lost HEAD and a missing branch", async () => {
    await using stage = openFleet(
      ["plain: {}", "bare: {}", "unborn: {}", "lost: {}", "other: { branch: release }"],
      ["lost", "other"],
    );
    const fleet = join(stage.workspace, "fleet");
    mkdirSync(join(fleet, "plain"));
    git(fleet, "init", "--quiet", "--bare", "bare");
    git(fleet, "init", "--quiet", "unborn");
    rmSync(join(fleet, "lost", ".git", "HEAD"));
    const results = await stage.ask("RPO003");
    expect(results.map(({ status, target }) => `${target?.name ?? ""} ${status}`)).toEqual([
      "plain fail",
      "bare fail",
      "unborn fail",
      "lost fail",
      "other fail",
    ]);
    git(join(fleet, "other"), "branch", "release");
    expect((await stage.ask("RPO003")).at(-1)).toMatchObject({ status: "pass" });
    git(join(fleet, "other"), "pack-refs", "--all");
    expect((await stage.ask("RPO003")).at(-1)).toMatchObject({ status: "pass" });
  });
});

describe("RPO005", () => {
  it.each([
    ["a circle", ["alpha: { needs: [beta] }", "beta: { needs: [alpha] }"], /alpha/],
    ["an unknown need", ["alpha: { needs: [gamma] }"], /gamma/],
    ["an unknown role", ["alpha: { role: x }"], /role/],
    ["a duplicate name", ["alpha: {}", "alpha: {}"], /twice/],
  ])("fails for %s and blocks questions about repositories", async (_, entries, reason) => {
    await using stage = openFleet(entries);
    const [result] = await stage.ask("RPO005");
    expect(result).toMatchObject({ status: "fail" });
    expect(result?.reason).toMatch(/^repos\.yaml:\d+:\d+: /);
    expect(result?.reason).toMatch(reason);
    expect(await stage.ask("RPO001")).toMatchObject([{ status: "blocked", blockedBy: ["RPO005"] }]);
  });

  it("fails for two names of one folder, a link and a nested one, and the repositories are looked at all the same", async () => {
    await using stage = openFleet([
      "alpha: {}",
      "again: { path: alpha }",
      "linked: {}",
      "inner: { path: beta/inner }",
      "beta: {}",
    ]);
    const fleet = join(stage.workspace, "fleet");
    symlinkSync("alpha", join(fleet, "linked"));
    makeRepository(join(fleet, "beta", "inner"), { a: "a" });
    const [result] = await stage.ask("RPO005");
    expect(result).toMatchObject({ status: "fail" });
    for (const name of ["again", "linked", "inner"]) expect(result?.reason).toContain(name);
    expect((await stage.ask("RPO001")).map(({ status }) => status)).toEqual(["pass", "pass", "pass", "pass", "pass"]);
  });

  it("fails without a manifest", async () => {
    await using stage = openCheckStage();
    rmSync(join(stage.workspace, "repos.yaml"));
    expect((await stage.ask("RPO005"))[0]).toMatchObject({ status: "fail" });
  });
});

describe("RPO007", () => {
  it("warns of a lock older than ten minutes, and not of a fresh one", async () => {
    await using stage = openFleet(["alpha: {}"], ["alpha"]);
    const lock = join(stage.workspace, "fleet", "alpha", ".git", "index.lock");
    writeFileSync(lock, "");
    expect((await stage.ask("RPO007"))[0]).toMatchObject({ status: "pass" });
    const old = Date.now() / 1_000 - 601;
    utimesSync(lock, old, old);
    expect((await stage.ask("RPO007"))[0]).toMatchObject({ status: "warn", reason: /index\.lock/ });
  });
});

describe("RPO008", () => {
  it("warns of a merge that was begun and of a detached HEAD, and counts changes when it acts", async () => {
    await using stage = openFleet(two);
    const alpha = join(stage.workspace, "fleet", "alpha");
    writeFileSync(join(alpha, "new"), "x");
    expect((await stage.ask("RPO008", { live: true }))[0]).toMatchObject({
      status: "pass",
      observed: "1 changed or untracked path",
    });
    git(alpha, "switch", "--quiet", "--create", "other");
    commitFiles(alpha, { "README.md": "other" });
    git(alpha, "switch", "--quiet", "main");
    commitFiles(alpha, { "README.md": "main" });
    gitFails(alpha, "merge", "other");
    git(join(stage.workspace, "fleet", "beta"), "checkout", "--quiet", "--detach");
    expect(await stage.ask("RPO008")).toMatchObject([
      { status: "warn", reason: /merge/ },
      { status: "warn", reason: /detached/ },
    ]);
  });
});

describe("RPO009", () => {
  it("says whether git trusts a folder of another user, where this process may make one", async () => {
    await using stage = openFleet(["alpha: {}"], ["alpha"]);
    expect((await stage.ask("RPO009"))[0]).toMatchObject({ status: "pass", reason: /belongs to the user/ });
    if (process.getuid?.() !== 0) return;
    const { chownSync } = await import("node:fs");
    const alpha = join(stage.workspace, "fleet", "alpha");
    chownSync(alpha, 65_534, 65_534);
    expect((await stage.ask("RPO009"))[0]).toMatchObject({ status: "fail", reason: /does not trust/ });
    expect((await stage.ask("RPO009", { live: true }))[0]).toMatchObject({ status: "fail" });
  });
});

describe("RPO014", () => {
  it("fails for a path and for a link that leads out, counts in the security gate, and is not looked into", async () => {
    await using stage = openFleet(["alpha: {}", "up: { path: ../outside }", "link: {}"], ["alpha", "../outside"]);
    symlinkSync("../outside", join(stage.workspace, "fleet", "link"));
    const results = await stage.ask("RPO014");
    expect(results.map(({ status }) => status)).toEqual(["pass", "fail", "fail"]);
    expect(results[1]).toMatchObject({ security: true, gates: ["config", "security"] });
  });
});

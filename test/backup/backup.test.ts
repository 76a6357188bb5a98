import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { pack } from "tar-stream";
import { buffer } from "node:stream/consumers";
import { Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openApp } from "../../src/app/open-app.ts";
import { createBackup } from "../../src/app/backup/create-backup.ts";
import { loadConfig } from "../../src/config/load-config.ts";
import { makeTemporaryFolder } from "../../src/lib/temporary-folder.ts";
import { makeBackups } from "../../src/server/make-backups.ts";
import { runCaptured } from "../support/capture-cli.ts";
import { noticeLog } from "../support/notice-log.ts";

const runs = Number(process.env["FUZZ_RUNS"] ?? 40);
const env = {
  AUTH: "a secret of forty characters, never used",
  KEY: "another secret of forty characters, for backups",
  PATH: process.env["PATH"] ?? "",
};
const signal = new AbortController().signal;
const release = join(import.meta.dirname, "../upgrade/state-0.1.0.tar.gz");

let folder: string;
let count = 0;

beforeAll(() => {
  folder = makeTemporaryFolder("backup-");
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A workspace with a state: runs of every kind, one of them killed in the middle. */
function makeWorkspace(more = ""): string {
  count += 1;
  const workspace = join(folder, String(count));
  mkdirSync(workspace);
  execFileSync("tar", ["--no-same-owner", "-xzf", release, "-C", workspace]);
  if (more !== "") writeFileSync(join(workspace, "mahavishnu.local.yaml"), `version: 1\n${more}\n`);
  return workspace;
}

interface Answer {
  readonly exitCode: number;
  readonly json: Readonly<Record<string, unknown>>;
}

async function ask(workspace: string, ...argv: string[]): Promise<Answer> {
  const { exitCode, stdout } = await runCaptured([...argv, "-C", workspace, "-o", "json"], { env });
  return { exitCode, json: JSON.parse(stdout) as Answer["json"] };
}

/** Makes a backup, and says where it is. */
async function back(workspace: string): Promise<string> {
  const { exitCode, json } = await ask(workspace, "backup", "create");
  expect(exitCode, JSON.stringify(json)).toBe(0);
  return (json["backup"] as { readonly file: string }).file;
}

async function states(workspace: string): Promise<string[]> {
  const { items } = (await ask(workspace, "runs", "list")).json as { items: { workflow: string; state: string }[] };
  return items.map(({ workflow, state }) => `${workflow} ${state}`).toSorted();
}

const all = ["bad failed", "good queued", "good succeeded", "good succeeded", "slow interrupted"];

describe("a backup", () => {
  it("brings back a state folder that is gone: history, files, trail, and a run that goes on where it was", async () => {
    const workspace = makeWorkspace();
    const state = join(workspace, ".mahavishnu");
    symlinkSync("/etc/hostname", join(mkdirAt(state, "worktrees/x"), "link"));
    writeFileSync(join(state, "worktrees/x/script"), "#!/bin/sh\n", { mode: 0o755 });
    const odd = Buffer.concat([Buffer.from(join(state, "worktrees/x/")), Buffer.from([0xff, 0xfe])]);
    writeFileSync(odd, "no name");
    const copy = join(folder, "kept.tar.zst");
    const made = await ask(workspace, "backup", "create", "--to", copy);
    expect(made).toMatchObject({ exitCode: 0, json: { backup: { leftOut: [expect.any(String)] } } });
    expect(statSync(copy).mode & 0o777).toBe(0o600);
    const before = await ask(workspace, "runs", "list");
    rmSync(state, { recursive: true });

    expect((await ask(workspace, "backup", "restore", copy)).json).toMatchObject({ runs: 5, replaced: null });
    const after = await ask(workspace, "runs", "list");
    expect(after.json).toEqual(before.json);
    expect(await states(workspace)).toEqual(all);
    expect(readFileSync(join(state, "worktrees/x/link"), "utf8")).toBe(readFileSync("/etc/hostname", "utf8"));
    expect(statSync(join(state, "worktrees/x/script")).mode & 0o111).not.toBe(0);
    expect((await ask(workspace, "audit", "verify")).json).toMatchObject({ valid: true });
    const { items } = after.json as { items: { id: string; workflow: string }[] };
    const slow = items.find(({ workflow }) => workflow === "slow")?.id ?? "";
    writeFileSync(join(state, "runs", slow, "waited"), "");
    expect((await ask(workspace, "runs", "resume", slow)).exitCode).toBe(0);
    const { stdout } = await runCaptured(["runs", "logs", slow, "-C", workspace], { env });
    expect(stdout.match(/first\n/g)).toHaveLength(1);
    const trail = JSON.stringify((await ask(workspace, "audit", "list")).json);
    expect(trail).toContain('"reason":"restore"');
  });

  it("replaces nothing unasked, and what is there is moved aside", async () => {
    const workspace = makeWorkspace();
    const file = await back(workspace);
    const refused = await ask(workspace, "backup", "restore", file);
    expect(refused).toMatchObject({ exitCode: 1, json: { error: { code: "RESTORE_REFUSED" } } });
    const { json } = await ask(workspace, "backup", "restore", file, "--force");
    expect(existsSync(join(String(json["replaced"]), "state.db"))).toBe(true);
    expect(await states(workspace)).toEqual(all);
  });

  it("has no secret in it without a key, and all of them with one, which only that key reads", async () => {
    const secrets = "auth: { secret: '${file:.mahavishnu/secrets/auth}' }";
    const canary = randomBytes(20).toString("hex");
    const open = makeWorkspace(secrets);
    writeFileSync(join(mkdirAt(open, ".mahavishnu/secrets"), "auth"), canary);
    const plain = await back(open);
    expect(list(plain)).toContain("configuration/mahavishnu.yaml");
    expect(list(plain).filter((name) => /secrets|local/.test(name))).toEqual([]);

    const sealed = makeWorkspace(`${secrets}\nbackup: { key: "\${env:KEY}" }`);
    writeFileSync(join(mkdirAt(sealed, ".mahavishnu/secrets"), "auth"), canary);
    const file = await back(sealed);
    expect(readFileSync(file, "latin1")).not.toContain("manifest");
    const elsewhere = makeWorkspace('backup: { key: "${env:KEY}" }');
    const { json } = await ask(elsewhere, "backup", "restore", file, "--force");
    expect(readFileSync(join(String(json["beside"]), "state-secrets/auth"), "utf8")).toBe(canary);
    expect(existsSync(join(elsewhere, ".mahavishnu/secrets"))).toBe(false);
    expect(await ask(open, "backup", "verify", file)).toMatchObject({
      exitCode: 1,
      json: { error: { code: "BACKUP_KEY" } },
    });
  });

  it("is made once for a period, whoever is asked, and again after one has failed", async () => {
    const workspace = makeWorkspace("backup: { every: 1h }");
    const loaded = await loadConfig({ workspace, env, set: [] });
    await using one = openApp({ loaded, env });
    await using two = openApp({ loaded, env });
    const noneSince = Date.now() - 3_600_000;
    const made = await Promise.all([one, two].map(async (app) => await createBackup(app, { noneSince, signal })));
    expect(made.filter((backup) => backup !== null)).toHaveLength(1);
    await using _none = await makeBackups(
      two,
      noticeLog((line) => expect.unreachable(line)),
    );
    expect((await ask(workspace, "backup", "create", "--unless-newer-than", "1h")).json).toMatchObject({
      backup: null,
    });
    expect((await ask(workspace, "backup", "list")).json["items"]).toHaveLength(1);
    expect(readdirSync(join(workspace, ".mahavishnu/backups"))).toHaveLength(1);
  });

  it("that could not be made says why, and leaves nothing", async () => {
    const workspace = makeWorkspace("backup: { folder: ./taken }");
    writeFileSync(join(workspace, "taken"), "");
    expect(await ask(workspace, "backup", "create")).toMatchObject({
      exitCode: 1,
      json: { error: { code: "BACKUP_FAILED" } },
    });
    const { items } = (await ask(workspace, "backup", "list")).json as { items: { state: string; error: string }[] };
    expect(items).toMatchObject([{ state: "failed", error: expect.stringContaining("taken") as string }]);
  });
});

describe("a backup that nobody waits for any more", () => {
  it("ends, leaves nothing beside its place, and counts as failed", async () => {
    const workspace = makeWorkspace();
    writeFileSync(join(workspace, ".mahavishnu/runs/long"), randomBytes(64 * 1024 ** 2));
    const place = mkdirAt(workspace, "elsewhere");
    const environment = { ...env };
    await using app = openApp({
      loaded: await loadConfig({ workspace, env: environment, set: [] }),
      env: environment,
    });
    const stop = new AbortController();
    const made = createBackup(app, { to: join(place, "kept"), signal: stop.signal });
    await expect
      .poll(() => readdirSync(place, { recursive: true }).map(String))
      .toContainEqual(expect.stringMatching(/archive$/));
    stop.abort(new Error("enough"));
    await expect(made).rejects.toThrow("enough");
    expect(readdirSync(place)).toEqual([]);
    expect((await ask(workspace, "backup", "list")).json).toMatchObject({ items: [{ state: "failed" }] });
  });
});

describe("a backup that is not what was written", () => {
  it("is never restored, wherever a byte is changed or it is cut off", async () => {
    const workspace = makeWorkspace();
    const whole = readFileSync(await back(workspace));
    const file = join(folder, "damaged.tar.zst");
    for (let round = 0; round < runs; round += 1) {
      const bytes = Buffer.from(whole);
      const at = Math.floor((round / runs) * bytes.length);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << (round % 8));
      writeFileSync(file, round % 4 === 3 ? bytes.subarray(0, at) : bytes);
      const { exitCode, json } = await ask(workspace, "backup", "verify", file);
      // Bytes on which nothing depends may differ; then everything in it is as it was.
      expect(exitCode === 0 ? { runs: json["runs"], events: json["events"] } : json).toMatchObject(
        exitCode === 0 ? { runs: 5, events: 28 } : { error: { code: "BACKUP_DAMAGED" } },
      );
    }
    const empty = makeEmpty();
    writeFileSync(file, whole.subarray(0, Math.floor(whole.length * 0.9)));
    expect((await ask(empty, "backup", "restore", file)).exitCode).toBe(1);
    expect(readdirSync(join(empty, ".mahavishnu"))).toEqual([]);
  });

  it.each([
    ["../outside", "file"],
    ["/etc/outside", "file"],
    ["state/../../outside", "file"],
    ["state//x", "file"],
    ["state/./x", "file"],
    ["state\\x", "file"],
    ["state/x", "link"],
    ["state/x", "block-device"],
    ["state/x", "fifo"],
    ["state/", "directory"],
  ] as const)("is refused for a name or kind of its own: %s as %s", async (name, type) => {
    const tar = pack();
    const bytes = buffer(Readable.from(tar));
    if (type === "file") tar.entry({ name }, "x");
    else tar.entry({ name, type, linkname: "y" });
    tar.entry({ name: "manifest.json" }, "{}");
    tar.finalize();
    const file = join(folder, "odd.tar.zst");
    writeFileSync(file, zstdCompressSync(await bytes));
    const empty = makeEmpty();
    expect(await ask(empty, "backup", "restore", file)).toMatchObject({
      exitCode: 1,
      json: { error: { code: "BACKUP_DAMAGED" } },
    });
    expect(readdirSync(empty).toSorted()).toEqual([".mahavishnu", "mahavishnu.yaml"]);
  });

  it.each([
    ["a link that leads out, and a file behind it", ["state/worktrees/a", "/tmp"], "state/worktrees/a/b"],
    ["a link in the place of a folder", ["state/runs", "/tmp"], "state/suites/x/y"],
    ["a link to a configuration", ["configuration/x", "/etc/passwd"], "state/suites/x/y"],
  ] as const)("is refused for %s", async (_what, [name, linkname], other) => {
    const tar = pack();
    const bytes = buffer(Readable.from(tar));
    tar.entry({ name, type: "symlink", linkname });
    tar.entry({ name: other }, "x");
    tar.entry({ name: "manifest.json" }, "{}");
    tar.finalize();
    expect(await restoreBytes(await bytes)).toMatchObject({ error: { code: "BACKUP_DAMAGED" } });
  });

  it.each(["/../../victim", "..", "", "0123456", 7])("is refused for an id that is none: %s", async (id) => {
    const tar = pack();
    const bytes = buffer(Readable.from(tar));
    const manifest = {
      format: 1,
      id,
      version: "1",
      workspaceId: "w",
      workspace: "/w",
      schema: 1,
      seq: 0,
      createdAt: "",
      runs: 0,
      events: 0,
      auditEntries: 0,
      withSecrets: false,
      entries: [],
      links: [],
      leftOut: [],
    };
    tar.entry({ name: "manifest.json" }, JSON.stringify(manifest));
    tar.finalize();
    expect(await restoreBytes(await bytes)).toMatchObject({
      error: { code: "BACKUP_DAMAGED", message: expect.stringContaining("manifest") as string },
    });
  });

  it("is refused when it is not sealed where a key is set", async () => {
    const file = await back(makeWorkspace());
    const sealed = makeWorkspace('backup: { key: "${env:KEY}" }');
    expect(await ask(sealed, "backup", "verify", file)).toMatchObject({
      exitCode: 1,
      json: { error: { code: "BACKUP_KEY" } },
    });
  });

  it("is refused when it is of a later format, or of a later schema", async () => {
    const tar = pack();
    const bytes = buffer(Readable.from(tar));
    tar.entry({ name: "manifest.json" }, JSON.stringify({ format: 2 }));
    tar.finalize();
    const file = join(folder, "later.tar.zst");
    writeFileSync(file, zstdCompressSync(await bytes));
    expect(await ask(makeEmpty(), "backup", "restore", file)).toMatchObject({
      exitCode: 1,
      json: { error: { code: "STATE_NEWER" } },
    });
  });
});

async function restoreBytes(bytes: Buffer): Promise<Answer["json"]> {
  const file = join(folder, "odd.tar.zst");
  writeFileSync(file, zstdCompressSync(bytes));
  return (await ask(makeEmpty(), "backup", "restore", file)).json;
}

function makeEmpty(): string {
  count += 1;
  const workspace = join(folder, String(count));
  mkdirSync(workspace);
  writeFileSync(join(workspace, "mahavishnu.yaml"), "version: 1\nauth: { enabled: false }\n");
  return workspace;
}

function mkdirAt(parent: string, name: string): string {
  const made = join(parent, name);
  mkdirSync(made, { recursive: true });
  return made;
}

/** Names in an archive, as another program reads them. */
function list(file: string): string[] {
  return execFileSync("tar", ["-tf", "-"], { input: zstdDecompressSync(readFileSync(file)), encoding: "utf8" })
    .split("\n")
    .filter(Boolean);
}

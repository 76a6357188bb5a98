import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import type { Probe, Subject } from "../../readiness/doctor/finding.ts";
import { runDoctor } from "../../readiness/doctor/run-doctor.ts";
import { runCaptured } from "../../../test/support/capture-cli.ts";

interface Item {
  readonly id: string;
  readonly status: string;
  readonly text: string;
  readonly remedy: { readonly text: string | null; readonly command: string | null } | null;
  readonly figures: Readonly<Record<string, unknown>>;
}

const folders: string[] = [];
afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));
let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), "doctor-"));
  folders.push(cwd);
});

const author = { GIT_AUTHOR_NAME: "a", GIT_AUTHOR_EMAIL: "a@b.test" };
const env = { PATH: process.env["PATH"] ?? "", HOME: tmpdir(), TMPDIR: tmpdir(), ...author };

function makeWorkspace(config = ""): void {
  writeFileSync(join(cwd, "mahavishnu.yaml"), `version: 1\nauth: { enabled: false }\n${config}`);
  writeFileSync(join(cwd, "repos.yaml"), "version: 1\nrepos: { web: {} }\n");
}

async function examine(
  more: Readonly<Record<string, string>> = {},
  ...argv: readonly string[]
): Promise<{ readonly exitCode: number; readonly status: string; readonly find: (id: string) => Item }> {
  const result = await runCaptured(["doctor", "-o", "json", ...argv], { cwd, env: { ...env, ...more } });
  return { exitCode: result.exitCode, ...read(result.stdout) };
}

function read(stdout: string): { readonly status: string; readonly find: (id: string) => Item } {
  const { status, items } = JSON.parse(stdout) as { status: string; items: Item[] };
  const find = (id: string): Item => {
    const item = items.find((candidate) => candidate.id === id);
    if (item === undefined) throw new Error(`nothing was said of ${id}`);
    return item;
  };
  return { status, find };
}

const containing = (text: string): unknown => expect.stringContaining(text);
const matching = (pattern: RegExp): unknown => expect.stringMatching(pattern);
const someNumber: unknown = expect.any(Number);

describe("doctor", () => {
  it("says what it found, measures the disk, leaves nothing behind, and ends with the worst", async () => {
    makeWorkspace();
    const { exitCode, status, find } = await examine();
    expect(exitCode).toBe({ ok: 0, warn: 2, fail: 1 }[status]);
    expect(find("workspace")).toMatchObject({ status: "ok", text: cwd });
    expect(find("node").figures["version"]).toBe(process.version);
    expect(find("git").status).toBe("ok");
    expect(find("disk.sync").figures).toMatchObject({ p50Ms: someNumber, p95Ms: someNumber });
    expect(Number(find("disk.sync").figures["syncs"])).toBeGreaterThan(0);
    expect(readdirSync(cwd).toSorted()).toEqual(["mahavishnu.yaml", "repos.yaml"]);
  });

  it("is one page for eyes, with remedies that can be copied, and works without a workspace", async () => {
    const { stdout, exitCode } = await runCaptured(["doctor"], { cwd, env: { ...env, PATH: "/nowhere" } });
    expect(exitCode).toBe(1);
    expect(stdout).toContain("none here: the machine alone is looked at");
    expect(stdout).toMatch(/FAIL\s+git\s+there is no git on PATH\n\s+Install git .*\n\s+apt-get install git\n/);
    expect(stdout.trimEnd().split("\n").at(-1)).toMatch(
      /^\d things? (?:does|do) not work\s+\d+ ok, \d+ warn, \d+ fail$/,
    );
    expect(stdout.split("\n").length).toBeLessThan(60);
  });

  it("tells what is wrong with the configuration, and looks at the machine all the same", async () => {
    makeWorkspace("limits: { timeout: soon }\n");
    const { exitCode, find } = await examine();
    expect(exitCode).toBe(1);
    expect(find("workspace")).toMatchObject({ status: "fail", remedy: { command: "mahavishnu config validate" } });
    expect(find("node").status).toBe("ok");
  });

  it("tells of a state folder that others can look into, and of one that is none", async () => {
    makeWorkspace();
    mkdirSync(join(cwd, ".mahavishnu"));
    chmodSync(join(cwd, ".mahavishnu"), 0o755);
    expect((await examine()).find("state.folder")).toMatchObject({
      status: "warn",
      text: containing("0755"),
      remedy: { command: `chmod 0700 ${join(cwd, ".mahavishnu")}` },
    });
    rmSync(join(cwd, ".mahavishnu"), { recursive: true });
    writeFileSync(join(cwd, ".mahavishnu"), "");
    const { exitCode, find } = await examine();
    expect(exitCode).toBe(1);
    expect(find("state.folder")).toMatchObject({ status: "fail", text: containing("is a file") });
    expect(find("disk.sync").status).toBe("fail");
  });

  it("tells of git: no author, repositories of another user", async () => {
    makeWorkspace();
    spawnSync("git", ["init", "-q", join(cwd, "web")]);
    const bare = { HOME: cwd, GIT_AUTHOR_NAME: "", GIT_AUTHOR_EMAIL: "", GIT_CONFIG_NOSYSTEM: "1" };
    // Git's own way of testing this without another user.
    const { find } = await examine({ ...bare, GIT_TEST_ASSUME_DIFFERENT_OWNER: "1" });
    expect(find("git.identity")).toMatchObject({
      status: "warn",
      text: containing("user.name and user.email"),
    });
    expect(find("git.owners")).toMatchObject({
      status: "fail",
      remedy: { command: `git config --global --add safe.directory ${join(cwd, "web")}` },
    });
  });

  it("tells of flags of Node, a temporary folder that is not there, and proxies without their passwords", async () => {
    const odd = { NODE_OPTIONS: "--inspect=0", TMPDIR: "/nowhere/at/all", HTTPS_PROXY: "http://me:secret@proxy.test" };
    const { find } = await examine(odd);
    expect(find("node")).toMatchObject({ status: "warn", text: containing("--inspect") });
    expect(find("temporary").status).toBe("fail");
    expect(find("network.proxy").text).toContain("HTTPS_PROXY");
    expect(JSON.stringify(find("network.proxy"))).not.toContain("secret");
  });

  it("tells of hosts that cannot be reached: an issuer is needed, a webhook can wait", async () => {
    makeWorkspace();
    const hook = [
      "--set",
      "webhooks.outgoing.chat.url=http://127.0.0.1:9/secret-path",
      "--set",
      "webhooks.outgoing.chat.secret=0123456789abcdef01234567",
    ];
    const { find } = await examine({}, ...hook);
    expect(find("network.hosts")).toMatchObject({
      status: "warn",
      text: "127.0.0.1:9 (webhooks.outgoing.chat.url): the connection was refused",
    });
    expect(JSON.stringify(find("network.hosts"))).not.toContain("secret-path");
    const oidc = ["--set", "auth.oidc.issuer=https://issuer.invalid", "--set", "auth.oidc.audience=fleet"];
    const lost = await examine({}, ...oidc);
    expect(lost.exitCode).toBe(1);
    expect(lost.find("network.hosts")).toMatchObject({
      status: "fail",
      text: containing("issuer.invalid:443"),
    });
  });

  it("compares the clock with that of the issuer", async () => {
    makeWorkspace();
    const server = createServer((_request, response) => {
      response.setHeader("Date", new Date(Date.now() + 600_000).toUTCString());
      response.end();
    });
    await listen(server);
    try {
      const { port } = server.address() as AddressInfo;
      const oidc = ["--set", `auth.oidc.issuer=http://localhost:${port}`, "--set", "auth.oidc.audience=fleet"];
      const { find } = await examine({}, ...oidc);
      expect(find("network.hosts").status).toBe("ok");
      expect(find("clock.skew")).toMatchObject({
        status: "fail",
        text: matching(/^the clock is (?:599|600|601) s behind that of localhost:/),
      });
    } finally {
      server.close();
    }
  });

  it.skipIf(process.platform !== "linux")("tells of limits that are too small for the steps at once", () => {
    makeWorkspace("limits: { maxConcurrentSteps: 64 }\n");
    const main = join(import.meta.dirname, "../main.ts");
    const { stdout, status } = spawnSync(
      "sh",
      ["-c", `ulimit -n 100; exec "$0" "$1" doctor -o json`, process.execPath, main],
      {
        cwd,
        env,
        encoding: "utf8",
      },
    );
    expect(status).toBe(1);
    const found = read(stdout).find("limits.files");
    expect(found).toMatchObject({ status: "fail", text: containing("only 100 open files") });
    expect(found.remedy?.command).toMatch(/^ulimit -n \d{4}$/);
  });

  it.skipIf(!existsSync("/dev/shm") || statfsSync("/dev/shm").type !== 0x01021994)(
    "tells of state that lies in memory",
    async () => {
      const folder = mkdtempSync("/dev/shm/doctor-");
      folders.push(folder);
      const { stdout } = await runCaptured(["doctor", "-o", "json"], { cwd: folder, env });
      expect(read(stdout).find("disk.kind")).toMatchObject({ status: "warn", text: containing("tmpfs") });
      expect(readdirSync(folder)).toEqual([]);
    },
  );

  it("waits for nothing that hangs, and a probe that breaks is a finding", async () => {
    const probes: Probe[] = [
      { id: "hangs", look: async () => await new Promise(() => undefined) },
      {
        id: "breaks",
        look: () => {
          throw new Error("no such thing");
        },
      },
    ];
    const subject: Subject = {
      loaded: null,
      stateFolder: cwd,
      env: {},
      terminal: { isTTY: false, colour: false, unicode: false, width: 80 },
    };
    const report = await runDoctor(subject, new AbortController().signal, { probes, ms: 20 });
    expect(report).toMatchObject({
      status: "warn",
      items: [
        { id: "hangs", status: "warn", text: "was not found out within 0.02 s" },
        { id: "breaks", status: "warn", text: "cannot be found out: no such thing" },
      ],
    });
  });
});

async function listen(server: Server): Promise<void> {
  await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
}

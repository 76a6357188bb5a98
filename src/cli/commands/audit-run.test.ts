import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CapturedStream, type CliResult, runCaptured } from "../../../test/support/capture-cli.ts";
import { withWorkspace } from "../../config/workspace-fixture.ts";
import { openStore } from "../../store/open-store.ts";
import { renderEntries } from "../terminal/audit-view.ts";

const files = { "mahavishnu.yaml": "version: 1\nauth: { enabled: false }\n", "repos.yaml": "version: 1\nrepos: {}\n" };
const entry = {
  time: Date.UTC(2030, 0, 1),
  actor: "user:dana",
  action: "runs:start",
  resource: "workflow:w",
  decision: "allowed" as const,
  reason: "role admin",
  requestId: "q",
  from: "192.0.2.7",
  before: null,
  after: null,
};

/** A workspace with a trail of three entries. */
async function withTrail(
  body: (call: (...argv: readonly string[]) => Promise<CliResult>, cwd: string, file: string) => Promise<void>,
): Promise<void> {
  await withWorkspace(files, async (cwd) => {
    const file = join(cwd, ".mahavishnu/state.db");
    await mkdir(join(cwd, ".mahavishnu"), { mode: 0o700 });
    {
      await using store = openStore({ file });
      await store.appendAudit(entry);
      await store.appendAudit({ ...entry, decision: "denied", actor: "=1+1\n\u001b[2Jforged" });
      await store.appendAudit({ ...entry, before: { role: "viewer" }, after: { role: "admin" } });
    }
    await body(async (...argv) => await runCaptured(argv, { cwd }), cwd, file);
  });
}

describe("audit list", () => {
  it("is a table, newest first, in which no text acts on the terminal", () =>
    withTrail(async (call) => {
      const { exitCode, stdout, stderr } = await call("audit", "list");
      const lines = stdout.trimEnd().split("\n");
      expect([exitCode, stderr, lines.length]).toEqual([0, "", 4]);
      expect(lines[0]).toMatch(/^seq +time +actor +decision +action +resource +from +change +reason$/);
      expect(lines[1]).toContain('{"role":"viewer"} -> {"role":"admin"}');
      expect(lines[2]).toMatch(/^2 +2030-01-01 00:00:00Z +=1\+1\\n\\x1b\[2Jforged +denied/);
      expect(stdout).not.toContain("\u001b");
    }));

  it("pages and narrows", () =>
    withTrail(async (call) => {
      const first = await call("audit", "list", "--limit", "2", "--since", "2029-12-31", "--resource", "workflow:");
      expect(first.stderr).toBe("there are older entries: add --cursor 2\n");
      const second = await call("audit", "list", "--limit", "2", "--cursor", "2", "-o", "json");
      expect(JSON.parse(second.stdout)).toMatchObject({ schemaVersion: 1, items: [{ seq: 1 }], nextCursor: null });
      expect(
        (await call("audit", "list", "--decision", "denied", "-o", "ndjson")).stdout.trimEnd().split("\n"),
      ).toHaveLength(1);
      expect((await call("audit", "list", "--until", "24h", "--actor", "user:nobody")).stdout).toBe("no entries\n");
      for (const time of ["yesterday", "2030-01-31T12:00", "2030-13-01"]) {
        expect((await call("audit", "list", "--since", time)).exitCode, time).toBe(64);
      }
    }));

  it("fits the terminal", () => {
    const look = new CapturedStream({ width: 80, height: 24 });
    const time = "2030-01-01T00:00:00.000Z";
    const items = [{ ...entry, seq: 1, time, hash: "0".repeat(64), reason: "because ".repeat(30) }];
    for (const line of renderEntries(items, look)) expect(line.length).toBeLessThanOrEqual(80);
  });
});

describe("audit verify", () => {
  it("prints the head, which proves the trail later", () =>
    withTrail(async (call, _cwd, file) => {
      const { exitCode, stdout } = await call("audit", "verify");
      const [, head = ""] = /^valid {4}3 entries\nhead {5}(3:[0-9a-f]{64})\n$/.exec(stdout) ?? [];
      expect([exitCode, head]).toEqual([0, expect.stringMatching(/^3:/)]);
      expect((await call("audit", "verify", "--head", head)).exitCode).toBe(0);
      const db = new DatabaseSync(file);
      const row = db.prepare("SELECT hash FROM audit WHERE seq = 2").get();
      db.exec("DROP TRIGGER audit_keeps_rows; DELETE FROM audit WHERE seq = 3");
      db.prepare("UPDATE meta SET value = ? WHERE key = 'auditHead'").run(`2:${String(row?.["hash"])}`);
      db.close();
      expect((await call("audit", "verify")).exitCode).toBe(0);
      const cut = await call("audit", "verify", "--head", head);
      expect(cut.exitCode).toBe(1);
      expect(cut.stdout).toContain("invalid  truncated at 3: entry 3 is missing at the end of the trail\n");
    }));

  it("says where the trail was edited, with exit code 1 in every format", () =>
    withTrail(async (call, _cwd, file) => {
      const db = new DatabaseSync(file);
      db.exec("DROP TRIGGER audit_keeps_text; UPDATE audit SET actor = 'user:other' WHERE seq = 2");
      db.close();
      const text = await call("audit", "verify");
      expect([text.exitCode, text.stdout]).toEqual([1, expect.stringContaining("invalid  edited at 2: ")]);
      const json = await call("audit", "verify", "-o", "json");
      expect(json.exitCode).toBe(1);
      expect(JSON.parse(json.stdout)).toMatchObject({
        valid: false,
        entries: 1,
        firstProblem: { seq: 2, kind: "edited" },
      });
    }));

  it("takes nothing for a head that is none", () =>
    withTrail(async (call) => {
      expect((await call("audit", "verify", "--head", "3")).exitCode).toBe(64);
    }));
});

describe("audit export", () => {
  it("is NDJSON on the standard output, and the head beside it", () =>
    withTrail(async (call) => {
      const { exitCode, stdout, stderr } = await call("audit", "export");
      const lines = stdout.trimEnd().split("\n");
      expect([exitCode, lines.length]).toEqual([0, 3]);
      const last = JSON.parse(lines[2] ?? "") as { hash: string };
      expect(stderr).toContain(`audit verify --head 3:${last.hash}\n`);
      expect((await call("audit", "export", "-q")).stderr).toBe("");
      const one = await call("audit", "export", "--decision", "denied");
      expect(one.stdout.trimEnd().split("\n")).toHaveLength(1);
      expect(one.stderr).toContain(last.hash);
    }));

  it("is CSV in a file of its own, which only its owner reads", () =>
    withTrail(async (call, cwd) => {
      const file = join(cwd, "trail.csv");
      await writeFile(join(cwd, "other"), "");
      const { exitCode, stdout } = await call("audit", "export", "-o", "csv=trail.csv", "-o", "ndjson=trail.ndjson");
      expect([exitCode, stdout]).toEqual([0, ""]);
      const text = await readFile(file, "utf8");
      expect(text.split("\r\n")).toHaveLength(5);
      expect(text).toContain(`"'=1+1\\n\\x1b[2Jforged"`);
      expect((await stat(file)).mode & 0o777).toBe(0o600);
      expect((await call("audit", "export", "-o", "csv")).stdout).toBe(text);
      expect(await readFile(join(cwd, "trail.ndjson"), "utf8")).toBe((await call("audit", "export")).stdout);
      expect((await readdir(cwd)).filter((name) => name.endsWith(".tmp"))).toEqual([]);
    }));

  it("leaves what is there when it cannot write, and says so", () =>
    withTrail(async (call, cwd) => {
      const { exitCode, stderr } = await call("audit", "export", "-o", "csv=missing/trail.csv");
      expect([exitCode, stderr]).toEqual([70, expect.stringContaining("missing/trail.csv")]);
      expect((await call("audit", "export", "-o", "text")).exitCode).toBe(64);
      expect((await readdir(cwd)).filter((name) => name.endsWith(".tmp"))).toEqual([]);
    }));
});

/** What a user has is after `production run-all-tests` what it was before, to the byte and to the time of its last change. */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join, relative } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, it } from "vitest";
import { ReportSchema } from "../src/readiness/report/schema.ts";
import { git, makeFolder, makeRepository, writeFiles } from "./support/git-fixture.ts";
import { stagePackage } from "./support/staged-package.ts";

const main = join(await stagePackage(), "bin/mahavishnu.js");
/** From every stage what comes nearest to the user's own: the rest acts in the same scratch space. */
const asked = "CFG*,RPO*,SEC00*,WFX001,IB2,IR8,IX1,BR1";

let folder: ReturnType<typeof makeFolder>;
beforeEach(() => {
  folder = makeFolder();
  mkdirSync(folder.join("tmp"));
  writeFiles(folder.join("workspace"), {
    "mahavishnu.yaml": "version: 1\nauth: { secret: '${env:AUTH}' }\n",
    "repos.yaml": "version: 1\nrepos: { alpha: {}, beta: { needs: [alpha] } }\n",
    "workflows/look.yaml":
      "version: 1\nname: look\njobs: { look: { sweep: {}, checkout: inPlace, steps: [{ run: git status --short }] } }\n",
    ".gitignore": ".mahavishnu/\n",
  });
  for (const name of ["alpha", "beta"]) {
    const path = folder.join("workspace", name);
    makeRepository(path, { "README.md": name, "src/index.ts": "export {};\n" });
    git(path, "branch", "side");
    git(path, "tag", "v1");
    // Work of the user that is not committed.
    writeFiles(path, { "README.md": `${name}, changed\n`, "new.txt": "new\n" });
  }
});
afterEach(() => {
  folder[Symbol.dispose]();
});

async function call(...args: readonly string[]): Promise<{ readonly code: number | null; readonly stdout: string }> {
  const child = spawn(process.execPath, [main, ...args], {
    cwd: folder.join("workspace"),
    env: {
      ...process.env,
      TMPDIR: folder.join("tmp"),
      AUTH: "Zk3uV9qLx0T7bWcYh2RfJm8EaPs5NdGo1KiQ4tXvUyw",
    },
    stdio: ["ignore", "pipe", "ignore"],
  });
  let stdout = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    stdout += chunk;
  });
  const [code] = (await once(child, "close")) as [number | null];
  return { code, stdout };
}

/** Everything below a folder but the state: kind, mode, content, and of files the time of the last change. */
function snapshot(root: string): readonly string[] {
  const lines: string[] = [];
  const walk = (path: string): void => {
    for (const name of readdirSync(path).toSorted()) {
      const child = join(path, name);
      if (name === ".mahavishnu") continue;
      const stats = lstatSync(child, { bigint: true });
      const shown = `${relative(root, child)} ${stats.mode.toString(8)}`;
      if (stats.isDirectory()) {
        lines.push(shown);
        walk(child);
      } else if (stats.isSymbolicLink()) lines.push(`${shown} ${readlinkSync(child)}`);
      else lines.push(`${shown} ${stats.mtimeNs} ${digest(child)}`);
    }
  };
  walk(root);
  return lines;
}

function digest(file: string): string {
  return createHash("sha256").update(readFileSync(file)).digest("hex");
}

/** What git says of a repository. */
function gitFacts(name: string): readonly string[] {
  const path = folder.join("workspace", name);
  return [
    git(path, "--no-optional-locks", "status", "--porcelain=v2", "--branch", "--ignored"),
    git(path, "for-each-ref"),
    git(path, "worktree", "list", "--porcelain"),
    git(path, "stash", "list"),
    git(path, "reflog"),
    git(path, "config", "--local", "--list"),
  ];
}

/** The state folder: files of runs as they are, the database as its rows. */
function state(): { readonly files: readonly string[]; readonly rows: Readonly<Record<string, readonly unknown[]>> } {
  const root = folder.join("workspace", ".mahavishnu");
  const entries = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const files = entries
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !relative(root, file).startsWith("state.db"))
    .map((file) => `${relative(root, file)} ${lstatSync(file, { bigint: true }).mtimeNs} ${digest(file)}`);
  const database = new DatabaseSync(join(root, "state.db"), { readOnly: true });
  try {
    const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").all();
    const rows = tables.map(({ name }) => [String(name), database.prepare(`SELECT * FROM "${String(name)}"`).all()]);
    return { files: files.toSorted(), rows: Object.fromEntries(rows) as Record<string, readonly unknown[]> };
  } finally {
    database.close();
  }
}

function isNotHead(row: unknown): boolean {
  return (row as { readonly key?: unknown }).key !== "auditHead";
}

it("run-all-tests changes nothing of repositories, files and state but one row of the audit trail", async () => {
  expect((await call("run", "look")).code).toBe(0);
  const before = { tree: snapshot(folder.join("workspace")), git: ["alpha", "beta"].map(gitFacts), state: state() };
  const { stdout } = await call("production", "run-all-tests", "--only", asked, "-o", "json");
  const report = ReportSchema.parse(JSON.parse(stdout));
  const answered = report.results.filter(({ status }) => status === "pass" || status === "warn");
  expect(new Set(answered.map(({ kind }) => kind)), "every stage has acted").toEqual(
    new Set(["check", "test", "benchmark"]),
  );
  expect(answered.filter(({ probe }) => probe === "live").length).toBeGreaterThan(10);

  expect(snapshot(folder.join("workspace"))).toEqual(before.tree);
  expect(["alpha", "beta"].map(gitFacts)).toEqual(before.git);
  const after = state();
  expect(after.files).toEqual(before.state.files);
  const { audit = [], sqlite_sequence: _counter, meta = [], ...rest } = after.rows;
  const { audit: audited = [], sqlite_sequence: _counted, meta: meant = [], ...rested } = before.state.rows;
  expect(rest).toEqual(rested);
  // The head of the trail moves with its rows.
  expect(meta.filter(isNotHead)).toEqual(meant.filter(isNotHead));
  expect(audit.slice(0, audited.length)).toEqual(audited);
  expect(audit.slice(audited.length)).toMatchObject([
    { action: "readiness:run", resource: "workspace", decision: "allowed" },
  ]);
  expect(readdirSync(folder.join("tmp")).filter((name) => name.startsWith("mahavishnu-"))).toEqual([]);
});

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { DatabaseSync } from "node:sqlite";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import * as z from "zod";
import type { Subject } from "../../access/subject.ts";
import { loadConfig } from "../../config/load-config.ts";
import type { Json } from "../../lib/json.ts";
import type { AuditEntry } from "../../store/audit-contract.ts";
import type { AppContext } from "../app-context.ts";
import { type AuditItem, renderAuditCsv, renderAuditJson } from "../audit-view.ts";
import { openApp } from "../open-app.ts";
import { perform } from "../perform.ts";
import { readAuditPages } from "../read-audit-pages.ts";
import * as shapes from "../shapes/audit.ts";
import { definePreparedUseCase } from "../use-case.ts";
import { exportAudit, listAudit, verifyAudit } from "./audit.ts";

let workspace: string;
beforeEach(async () => {
  workspace = await mkdtemp(join(tmpdir(), "audit-"));
  const bindings =
    "[{ subject: 'user:rolf', role: operator, where: 'tag:a' }, { subject: 'user:olga', role: operator }]";
  await writeFile(
    join(workspace, "mahavishnu.yaml"),
    `version: 1\nauth: { enabled: false }\naccess: { bindings: ${bindings} }\n`,
  );
  await writeFile(join(workspace, "repos.yaml"), "version: 1\nrepos: { one: { tags: [a] } }\n");
});
afterEach(async () => {
  await rm(workspace, { recursive: true, force: true });
});

async function open(subject?: Subject): Promise<AppContext> {
  const loaded = await loadConfig({ workspace, env: {}, set: [] });
  return openApp({ loaded, env: {}, ...(subject === undefined ? {} : { subject }) });
}

const entry: AuditEntry = {
  time: Date.UTC(2030, 0, 1),
  actor: "user:dana",
  action: "runs:start",
  resource: "workflow:w",
  decision: "allowed",
  reason: "role admin",
  requestId: "q",
  from: "192.0.2.7",
  before: null,
  after: null,
};

async function fill(
  app: AppContext,
  count: number,
  rest: (n: number) => Partial<AuditEntry> = () => ({}),
): Promise<void> {
  const store = await app.store();
  await Promise.all(
    Array.from({ length: count }, (_, n) => store.appendAudit({ ...entry, time: entry.time + n * 1_000, ...rest(n) })),
  );
}

describe("an act that changes something", () => {
  it("is in the trail with what it changes, before it begins; a refused one changes nothing", async () => {
    const seen: number[] = [];
    const rename = definePreparedUseCase<string, void, { readonly before: string; readonly after: string }>({
      name: "rename",
      permission: "runs:cancel",
      writes: true,
      prepare: (_context, after) => ({ before: "old", after }),
      resource: () => ({ name: "workspace" }),
      changes: ({ before, after }) => ({ before: { name: before }, after: { name: after } }),
      run: async (context) => void seen.push((await (await context.store()).listAudit({ limit: 9 })).length),
    });
    await using app = await open({ name: "user:olga", groups: [] });
    const other = app.actFor({
      subject: { name: "user:nobody", groups: [] },
      from: "198.51.100.1",
      requestId: "r",
      signal: app.signal,
    });
    await perform(app, rename, "new");
    await expect(perform(other, rename, "x")).rejects.toMatchObject({ code: "ACCESS_DENIED" });
    expect(seen).toEqual([1]);
    expect((await perform(app, listAudit, { limit: 9 })).items).toMatchObject([
      { actor: "user:nobody", decision: "denied", from: "198.51.100.1", requestId: "r", before: null, after: null },
      { actor: "user:olga", decision: "allowed", from: "cli", before: { name: "old" }, after: { name: "new" } },
    ]);
  });
});

describe("listAudit", () => {
  it("gives pages, newest first, until there is no more", async () => {
    await using app = await open();
    await fill(app, 5);
    const seen: number[] = [];
    for (let cursor: string | null | undefined; cursor !== null;) {
      const page = await perform(app, listAudit, { limit: 2, ...(cursor === undefined ? {} : { cursor }) });
      expect(shapes.auditPage.safeParse(page).error).toBeUndefined();
      seen.push(...page.items.map(({ seq }) => seq));
      cursor = page.nextCursor;
    }
    expect(seen).toEqual([5, 4, 3, 2, 1]);
  });

  it("narrows by who, what, on what, how it was decided and when", async () => {
    await using app = await open();
    await fill(app, 6, (n) => ({ actor: n < 3 ? "user:ann" : "user:bo", resource: `run:${n}` }));
    const seqs = async (input: Partial<Parameters<typeof perform<unknown, unknown>>[2]> & object): Promise<number[]> =>
      (await perform(app, listAudit, { limit: 9, ...input })).items.map(({ seq }) => seq);
    expect(await seqs({ actor: "user:ann" })).toEqual([3, 2, 1]);
    expect(await seqs({ actor: "user:an" })).toEqual([]);
    expect(await seqs({ resource: "run:4" })).toEqual([5]);
    expect(await seqs({ action: "runs:cancel" })).toEqual([]);
    expect(await seqs({ decision: "denied" })).toEqual([]);
    expect(await seqs({ since: "2030-01-01T00:00:02Z", until: "2030-01-01T00:00:04Z" })).toEqual([4, 3]);
  });

  it("refuses what is no cursor and no time", async () => {
    await using app = await open();
    for (const input of [{ cursor: "0" }, { cursor: "x" }, { cursor: "1e3" }, { since: "yesterday" }, { until: "" }]) {
      await expect(perform(app, listAudit, { limit: 9, ...input })).rejects.toMatchObject({ code: "USAGE" });
    }
  });

  it("is not covered by a right that is scoped to some repositories", async () => {
    await using rolf = await open({ name: "user:rolf", groups: [] });
    await expect(perform(rolf, listAudit, { limit: 9 })).rejects.toMatchObject({ code: "ACCESS_DENIED" });
    await using olga = await open({ name: "user:olga", groups: [] });
    expect((await perform(olga, listAudit, { limit: 9 })).items).toMatchObject([
      { actor: "user:rolf", decision: "denied" },
    ]);
  });

  it("says where to look when an entry is none", async () => {
    await using app = await open();
    await fill(app, 2);
    for (const change of ["time = 1 << 60", "time = 253402300800000", "time = 1.5", "after = 'no JSON'"]) {
      const db = new DatabaseSync(app.loaded.paths.stateFile);
      db.exec(`DROP TRIGGER IF EXISTS audit_keeps_text; UPDATE audit SET ${change} WHERE seq = 1`);
      db.close();
      await expect(perform(app, listAudit, { limit: 9 }), change).rejects.toMatchObject({
        code: "STATE_DAMAGED",
        fix: expect.stringContaining("audit verify") as string,
      });
      const restore = new DatabaseSync(app.loaded.paths.stateFile);
      restore.exec(`UPDATE audit SET time = ${entry.time}, after = NULL WHERE seq = 1`);
      restore.close();
    }
    expect(await perform(app, verifyAudit, {})).toMatchObject({ valid: true });
  });
});

describe("verifyAudit", () => {
  it("says that the trail is whole, also an empty one without a database", async () => {
    await using app = await open();
    const empty = await perform(app, verifyAudit, {});
    expect(empty).toEqual({ valid: true, entries: 0, head: { seq: 0, hash: "0".repeat(64) }, firstProblem: null });
    await fill(app, 3);
    const verdict = await perform(app, verifyAudit, { head: `0:${"0".repeat(64)}` });
    expect(verdict).toMatchObject({ valid: true, entries: 3, head: { seq: 3 } });
    expect(shapes.auditVerdict.safeParse(verdict).error).toBeUndefined();
  });

  it("says where it is not, and finds a cut end by the head that is given", async () => {
    await using app = await open();
    await fill(app, 3);
    const { head } = await perform(app, verifyAudit, {});
    const longer = `5:${"a".repeat(64)}`;
    const cut = await perform(app, verifyAudit, { head: longer });
    expect(cut).toMatchObject({ valid: false, entries: 3, firstProblem: { seq: 4, kind: "truncated" } });
    const other = await perform(app, verifyAudit, { head: `2:${head.hash}` });
    expect(other).toMatchObject({ valid: false, firstProblem: { seq: 2, kind: "edited" } });
    expect(shapes.auditVerdict.safeParse(other).error).toBeUndefined();
    await expect(perform(app, verifyAudit, { head: "3" })).rejects.toMatchObject({ code: "USAGE" });
  });
});

describe("exportAudit", () => {
  it("gives everything once, oldest first, whatever the size of its pages", async () => {
    await using app = await open();
    await fill(app, 7);
    for (const limit of [1, 3, 7, 8]) {
      let text = "";
      let last: unknown;
      const ask = async (input: Parameters<Parameters<typeof readAuditPages>[0]>[0]) =>
        await perform(app, exportAudit, input);
      for await (const page of readAuditPages(ask, { format: "ndjson", limit })) {
        expect(shapes.auditExport.safeParse(page).error).toBeUndefined();
        text += page.text;
        last = page.head;
      }
      const items = text
        .trimEnd()
        .split("\n")
        .map((line) => shapes.auditItem.parse(JSON.parse(line)));
      expect(items.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7]);
      expect(last).toEqual({ seq: 7, hash: items.at(-1)?.hash });
    }
  });

  it("gives the first line of a CSV once", async () => {
    await using app = await open();
    await fill(app, 3);
    const first = await perform(app, exportAudit, { format: "csv", limit: 2 });
    const second = await perform(app, exportAudit, { format: "csv", limit: 2, cursor: first.nextCursor ?? "" });
    expect((first.text + second.text).split("\r\n").map((line) => line.split(",")[0])).toEqual([
      "seq",
      "1",
      "2",
      "3",
      "",
    ]);
    expect(first.head).toBeNull();
  });
});

const item: AuditItem = {
  seq: 1,
  time: "2030-01-01T00:00:00.000Z",
  actor: "user:dana",
  action: "runs:start",
  resource: "workflow:w",
  decision: "allowed",
  reason: "role admin",
  from: "cli",
  requestId: "q",
  before: null,
  after: null,
  hash: "0".repeat(64),
};

/** Reads lines of CSV as RFC 4180 has them. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = [];
  const cells = /("(?:[^"]|"")*"|[^",\r\n]*)(,|\r\n)/gy;
  let row: string[] = [];
  for (let match = cells.exec(text); match !== null; match = cells.exec(text)) {
    const [, raw = "", end] = match;
    row.push(raw.startsWith('"') ? raw.slice(1, -1).replaceAll('""', '"') : raw);
    if (end === "\r\n") {
      rows.push(row);
      row = [];
    }
  }
  return rows;
}

describe("a forged text", () => {
  it.each([
    ["a formula", "=HYPERLINK(1)", "'=HYPERLINK(1)"],
    ["a formula after a space", " =1", "' =1"],
    ["a formula after a tab", "\t=1", "'\\t=1"],
    ["a command", "@SUM(1)", "'@SUM(1)"],
    ["a sum", "+1", "'+1"],
    ["a wide equals sign", "\uFF1D1", "'\uFF1D1"],
    ["a second line", "a\r\n2,forged", "a\\r\\n2,forged"],
    ["a quote", 'a","b', 'a","b'],
    ["a clear screen", "\u001b[2J\u009b31m", "\\x1b[2J\\x9b31m"],
    ["a reversed text", "\u202Eabc", "\\u202eabc"],
  ])("stays one harmless cell of CSV: %s", (_name, text, expected) => {
    const rows = parseCsv(renderAuditCsv({ ...item, actor: text }));
    expect(rows).toHaveLength(1);
    expect(rows[0]?.[2]).toBe(expected);
    expect(rows[0]).toHaveLength(12);
  });

  it("is no formula, no line and no control character in CSV, whatever it is", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.jsonValue(), (text, json) => {
        const line = renderAuditCsv({ ...item, actor: text, resource: text, reason: text, after: json as Json });
        const rows = parseCsv(line);
        expect(rows).toHaveLength(1);
        expect(rows[0]).toHaveLength(12);
        for (const cell of rows[0] ?? []) expect(cell).not.toMatch(/^\s*[=+\-@]|[\p{Cc}\u202E\u2028]/u);
      }),
      { numRuns: Number(process.env["FUZZ_RUNS"] ?? 200) },
    );
  });

  it("is one line of plain characters in NDJSON, and the same text when it is read", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const line = renderAuditJson({ ...item, actor: text });
        expect(JSON.parse(line)).toEqual({ ...item, actor: text });
        expect(line.slice(0, -1)).not.toMatch(/[\p{Cc}\p{Cf}\u2028\u2029]/u);
      }),
      { numRuns: Number(process.env["FUZZ_RUNS"] ?? 200) },
    );
  });
});

describe("the shapes", () => {
  it("are closed, and can be written as JSON Schema", () => {
    for (const shape of Object.values(shapes))
      expect(z.toJSONSchema(shape)).toMatchObject({ additionalProperties: false });
    expect(shapes.listAuditInput.safeParse({ limit: 1, other: 1 }).success).toBe(false);
    expect(shapes.verifyAuditInput.safeParse({ head: "1:x" }).success).toBe(false);
    expect(shapes.exportAuditInput.safeParse({ format: "csv", limit: 10 }).success).toBe(true);
  });
});

import { execFileSync } from "node:child_process";
import { chmod, mkdir, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { folderFixture } from "../definition-fixture.ts";
import { renderReport, writeReports } from "./render-report.ts";
import { reportFixture } from "./report-fixture.ts";
import { ReportSchema } from "./schema.ts";
import { plainStyle } from "./text-style.ts";

let folder: string;
beforeEach(() => {
  folder = folderFixture();
});
afterEach(async () => {
  await chmod(folder, 0o700);
  await rm(folder, { recursive: true, force: true });
});

describe("renderReport", () => {
  it("gives JSON that its schema accepts", async () => {
    const report = reportFixture();
    const text = await renderReport(report, "json", { style: plainStyle });
    expect(ReportSchema.parse(JSON.parse(text))).toEqual(report);
    const line = await renderReport(report, "ndjson", { style: plainStyle });
    expect(line.split("\n")).toHaveLength(2);
    expect(JSON.parse(line)).toEqual({ type: "report", report });
  });
});

describe("the schema", () => {
  it("refuses a status, a gate and a key that it does not know", () => {
    const report = reportFixture();
    const wrong = [
      { ...report, extra: 1 },
      { ...report, verdict: "fine" },
      { ...report, results: [{ ...report.results[0], reason: "" }] },
    ];
    for (const value of wrong) expect(ReportSchema.safeParse(value).success).toBe(false);
  });
});

describe("writeReports", () => {
  it("writes several at once, each whole, and leaves no draft", async () => {
    await writeFile(join(folder, "a.json"), "old");
    await symlink("a.json", join(folder, "link.json"));
    const files = [
      { format: "json", file: "link.json" },
      { format: "junit", file: "b.xml" },
      { format: "text", file: "c.txt" },
    ] as const;
    await writeReports(reportFixture(), files, folder);
    expect((await readdir(folder)).toSorted()).toEqual(["a.json", "b.xml", "c.txt", "link.json"]);
    expect(JSON.parse(await readFile(join(folder, "a.json"), "utf8"))).toMatchObject({ verdict: "notReady" });
    expect(await readFile(join(folder, "b.xml"), "utf8")).toContain("<testsuites");
  });

  it("fails with 70 when one cannot be written, after it has written the others", async () => {
    await mkdir(join(folder, "taken"));
    const files = [
      { format: "json", file: "missing/report.json" },
      { format: "json", file: "taken" },
      { format: "junit", file: "good.xml" },
    ] as const;
    await expect(writeReports(reportFixture(), files, folder)).rejects.toMatchObject({
      code: "REPORT_UNWRITABLE",
      exitCode: 70,
      message: expect.stringMatching(/missing\/report\.json.*taken/) as string,
    });
    expect((await readdir(folder)).toSorted()).toEqual(["good.xml", "taken"]);
  });

  it("writes into a pipe without taking its place", async () => {
    const pipe = join(folder, "pipe");
    execFileSync("mkfifo", [pipe]);
    const [read] = await Promise.all([
      readFile(pipe, "utf8"),
      writeReports(reportFixture(), [{ format: "json", file: "pipe" }], folder),
    ]);
    expect(JSON.parse(read)).toMatchObject({ schemaVersion: 1 });
    expect(await readdir(folder)).toEqual(["pipe"]);
  });
});

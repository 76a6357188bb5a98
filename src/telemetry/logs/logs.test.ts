import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createMasking } from "../../lib/mask-secrets.ts";
import { Secret } from "../../lib/secret.ts";
import { gatherLines } from "./gather-lines.ts";
import { openLineLog } from "./line-log.ts";
import { LogWriter } from "./log-writer.ts";
import { maskLines } from "./mask-line.ts";
import { openPinoLog } from "./pino-log.ts";

let stateFolder: string;
beforeEach(() => {
  stateFolder = mkdtempSync(join(tmpdir(), "logs-"));
});
afterEach(() => {
  rmSync(stateFolder, { recursive: true, force: true });
});

const canary = 'can"ary/+ü hunter2';

describe.each([
  ["pino", openPinoLog],
  ["lines", openLineLog],
] as const)("a log by %s", (_name, open) => {
  function collect(secrets: readonly string[] = []) {
    const lines: string[] = [];
    const masking = createMasking(secrets);
    const write = maskLines(masking, (line) => lines.push(line));
    const log = open({ level: "info", write, mask: (text) => masking.text(text) });
    return { lines, log };
  }

  it("writes what is important enough, with its fields and those of its kin", () => {
    const { lines, log } = collect();
    log.debug("not this");
    log.with({ runId: "k3v9q0x2mf" }).warn("a target has ended", { level: "mine", none: undefined, attempt: 2 });
    expect(lines.map((line): unknown => JSON.parse(line))).toEqual([
      {
        level: "warn",
        time: expect.stringMatching(/^\d{4}-.+Z$/) as string,
        runId: "k3v9q0x2mf",
        level_: "mine",
        attempt: 2,
        message: "a target has ended",
      },
    ]);
  });

  it("shows a secret on no path", () => {
    const { lines, log } = collect([canary]);
    const error = new Error(`refused ${canary}`, { cause: new Error(canary) });
    const forms = {
      base64: Buffer.from(`user:${canary}`).toString("base64"),
      url: `https://x.test/?q=${encodeURIComponent(canary)}`,
      long: `${"x".repeat(8_185)}${canary}`,
    };
    log.error(`said ${canary}`, { error, nested: { list: [canary] }, ...forms, [canary]: 1 });
    log.info("by type and name", { typed: { of: new Secret("zebra-of-night") as unknown as string } });
    log.info("by name", { headers: { authorization: "Bearer zebra", "set-cookie": "zebra" }, password: "zebra" });
    const text = lines.join("\n");
    for (const line of lines) expect(() => JSON.parse(line) as unknown).not.toThrow();
    for (const part of ["hunter2", "can\\", "zebra", Buffer.from(canary).toString("base64").slice(4, 16)]) {
      expect(text).not.toContain(part);
    }
    expect(text).toContain("***");
  });

  it("stays JSON where a secret is a part of its form", () => {
    const { lines, log } = collect(['","step']);
    log.info("a", { runId: "b", step: "c" });
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({ message: "***" });
  });
});

describe("lines of one turn", () => {
  it("are handed over together at its end, and what is left when nothing more comes", async () => {
    const handed: (readonly string[])[] = [];
    const lines = gatherLines((all) => handed.push(all));
    lines.take("a");
    lines.take("b");
    expect(handed).toEqual([]);
    await new Promise((resolve) => setImmediate(resolve));
    lines.take("c");
    lines[Symbol.dispose]();
    expect(handed).toEqual([["a", "b"], ["c"]]);
  });

  it("are there after an error that nobody has caught", () => {
    const module = join(import.meta.dirname, "gather-lines.ts");
    const program = `import { gatherLines } from ${JSON.stringify(module)};
      const lines = gatherLines((all) => console.log(all.join()));
      lines.take("last words");
      throw new Error("broken");`;
    const { stdout, status } = spawnSync(process.execPath, ["--input-type=module", "-e", program], {
      encoding: "utf8",
    });
    expect([stdout, status]).toEqual(["last words\n", 1]);
  });
});

describe("the files of the log", () => {
  it("have one line each time, for their owner alone", () => {
    using one = new LogWriter({ stateFolder, onFault: expect.unreachable });
    using two = new LogWriter({ stateFolder, onFault: expect.unreachable });
    for (const [index, writer] of [one, two, one].entries()) writer.write(`{"index":${index}}`);
    const [name = "", ...others] = readdirSync(join(stateFolder, "logs"));
    const file = join(stateFolder, "logs", name);
    expect([others, name]).toEqual([[], expect.stringMatching(/^\d{4}-\d\d-\d\d\.ndjson$/)]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, "utf8")).toBe('{"index":0}\n{"index":1}\n{"index":2}\n');
  });

  it("that cannot be written fail nothing, and that is said once", () => {
    writeFileSync(join(stateFolder, "logs"), "in the way");
    const said: string[] = [];
    using writer = new LogWriter({ stateFolder, onFault: (text) => said.push(text) });
    writer.write("{}");
    writer.write("{}");
    expect(said).toEqual([expect.stringContaining("the log cannot be written")]);
  });
});

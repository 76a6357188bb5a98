import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { noticeLog } from "../../../test/support/notice-log.ts";
import { describe, expect, it } from "vitest";
import { giveToAnother, runAsAnother } from "../../../test/support/as-another-user.ts";
import { type Finding, HealthBoard, type Probe, worstOf } from "./health-board.ts";
import { probeDisk, sweepProbes } from "./probe-disk.ts";
import { watchClock } from "./watch-clock.ts";

/** A part of which a test says how it is, and how often it was looked at. */
class Part implements Probe {
  readonly name = "part:works";
  readonly componentType = "component";
  looks = 0;
  next: () => Promise<Finding> = async () => ({ status: "pass" });
  readonly restMs: number;
  readonly deadlineMs: number;
  readonly isSlow: boolean;

  constructor({ restMs = 0, deadlineMs = 60_000, isSlow = false } = {}) {
    this.restMs = restMs;
    this.deadlineMs = deadlineMs;
    this.isSlow = isSlow;
  }

  async look(): Promise<Finding> {
    this.looks += 1;
    return await this.next();
  }
}

function boardOf(...probes: readonly Probe[]): HealthBoard & { readonly said: string[] } {
  const said: string[] = [];
  return Object.assign(new HealthBoard({ probes, log: noticeLog((line) => said.push(line)), everyMs: 3_600_000 }), {
    said,
  });
}

describe("a board of health", () => {
  it("is as bad as its worst part", () => {
    expect(worstOf([])).toBe("pass");
    expect(worstOf([{ status: "pass" }, { status: "warn" }])).toBe("warn");
    expect(worstOf([{ status: "fail" }, { status: "warn" }])).toBe("fail");
  });

  it("looks once for all who ask at the same time, and not again while a part rests", async () => {
    const part = new Part({ restMs: 3_600_000 });
    await using board = boardOf(part);
    await Promise.all(Array.from({ length: 1_000 }, () => board.tell()));
    await board.tell();
    expect(part.looks).toBe(1);
  });

  it("says in one line each when a part breaks and when it works again", async () => {
    const part = new Part();
    await using board = boardOf(part);
    expect(await board.tell()).toMatchObject({ status: "pass" });
    part.next = async () => await Promise.reject(new Error("broken"));
    expect(await board.tell()).toMatchObject({ status: "fail", checks: [{ name: "part:works", output: "broken" }] });
    await board.tell();
    part.next = async () => ({ status: "pass" });
    expect(await board.tell()).toMatchObject({ status: "pass" });
    expect(board.said).toEqual([
      'a part does not work as it should, check "part:works", status "fail", output "broken"',
      'a part works again, check "part:works"',
    ]);
  });

  it("gives up a part that hangs, does not ask it again meanwhile, and hears when it has come back", async () => {
    const part = new Part({ deadlineMs: 20 });
    await using board = boardOf(part);
    const { promise, resolve } = Promise.withResolvers<Finding>();
    part.next = async () => await promise;
    expect(await board.tell()).toMatchObject({
      status: "fail",
      checks: [{ output: "gave no sign for 0.02 s: it hangs" }],
    });
    expect(await board.tell()).toMatchObject({ status: "fail" });
    expect(part.looks).toBe(1);
    resolve({ status: "pass" });
    while ((await board.tell()).status !== "pass") await delay(1);
    expect(part.looks).toBe(2);
  });

  it("tells the last look at a slow part while it takes the next", async () => {
    const part = new Part({ isSlow: true });
    await using board = boardOf(part);
    expect(await board.tell()).toMatchObject({ status: "pass" });
    const { promise, resolve } = Promise.withResolvers<Finding>();
    part.next = async () => await promise;
    expect(await board.tell()).toMatchObject({ status: "pass" });
    resolve({ status: "fail" });
    while ((await board.tell()).status !== "fail") await delay(1);
  });

  it("is not ready any more once it is being stopped, and waits until whoever asks regularly knows", async () => {
    await using board = boardOf(new Part());
    await board.tell();
    await board.tell();
    let isOver = false;
    const stopped = board.stop({ atMostMs: 3_600_000 }).then(() => (isOver = true));
    await delay(5);
    expect(isOver).toBe(false);
    expect(await board.tell()).toMatchObject({ status: "fail", checks: [{ name: "server:stopping" }] });
    await stopped;
  });

  it("waits for nobody who has asked but once", async () => {
    await using board = boardOf(new Part());
    await board.tell();
    await board.stop({ atMostMs: 3_600_000 });
    expect(await board.tell()).toMatchObject({ status: "fail" });
  });
});

/** Runs a module's text where no file may be written beyond a few bytes, as on a full disk. */
const limited = (script: string): string =>
  spawnSync("sh", ["-c", `ulimit -f 0; exec "$0" --input-type=module -e "$1"`, process.execPath, script], {
    encoding: "utf8",
  }).stdout.trim();

async function withFolder(body: (folder: string) => Promise<void> | void): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "disk-"));
  try {
    await body(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe("the probe of the disk", () => {
  const probe = JSON.stringify(import.meta.resolve("./probe-disk.ts"));

  it("writes, leaves nothing, and knows the free space", () =>
    withFolder(async (folder) => {
      const finding = await probeDisk(folder);
      expect(finding).toMatchObject({ observedUnit: "bytes" });
      expect(finding.observedValue).toBeGreaterThan(0);
      expect(readdirSync(folder)).toEqual([]);
    }));

  it("fails where the folder is gone, or a file stands in its place", () =>
    withFolder(async (folder) => {
      await expect(probeDisk(join(folder, "gone"))).rejects.toThrow("ENOENT");
      writeFileSync(join(folder, "file"), "");
      await expect(probeDisk(join(folder, "file"))).rejects.toThrow("ENOTDIR");
    }));

  it("fails where nothing can be written any more, and leaves nothing", () =>
    withFolder((folder) => {
      const said = limited(`
        import { probeDisk } from ${probe};
        process.on("SIGXFSZ", () => undefined);
        console.log(await probeDisk(${JSON.stringify(folder)}).then(({ status }) => status, ({ code }) => code));`);
      // What it prints goes into a pipe, for which the limit does not count.
      expect(said).toBe("EFBIG");
      expect(readdirSync(folder)).toEqual([]);
    }));

  it("fails in a folder that may not be written, and passes when it may again", () =>
    withFolder((folder) => {
      giveToAnother(folder);
      const said = runAsAnother(`
        import { chmodSync } from "node:fs";
        import { probeDisk } from ${probe};
        const folder = ${JSON.stringify(folder)};
        const look = async () => await probeDisk(folder).then(() => "works", ({ code }) => code);
        chmodSync(folder, 0o500);
        const before = await look();
        chmodSync(folder, 0o700);
        console.log(before, await look());`);
      // Null where the other user cannot read this checkout.
      expect([null, "EACCES works"]).toContain(said);
    }));

  it("removes what killed servers have left, and nothing else", () =>
    withFolder(async (folder) => {
      const { pid: dead } = spawnSync("true");
      for (const name of [`probe-${dead}`, `probe-${process.pid}`, "probe-x", "state.db"]) {
        writeFileSync(join(folder, name), "");
      }
      await sweepProbes(folder);
      expect(readdirSync(folder).toSorted()).toEqual([`probe-${process.pid}`, "probe-x", "state.db"].toSorted());
    }));
});

describe("the probe of the clock", () => {
  const day = Date.UTC(2027, 0, 1);

  it("passes as long as both clocks go on together, warns for a while after a jump, and fails before its time", () => {
    let wall = day;
    let steady = 0;
    const look = watchClock({ wall: () => wall, steady: () => steady });
    const pass = (ms: number, jump = 0): string => {
      wall += ms + jump;
      steady += ms;
      return look().status;
    };
    expect(pass(60_000)).toBe("pass");
    expect(pass(1_000, 4_000)).toBe("pass");
    expect(pass(1_000, -3_600_000)).toBe("warn");
    expect(look().output).toContain("3600 s back");
    expect(pass(60_000)).toBe("warn");
    expect(pass(300_000)).toBe("pass");
    expect(pass(0, -day)).toBe("fail");
  });
});

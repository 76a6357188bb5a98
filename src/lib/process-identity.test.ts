import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, it } from "vitest";
import {
  bootId,
  identifyProcess,
  isAlive,
  isFromEarlierBoot,
  isHere,
  type ProcessIdentity,
  readPsStartTime,
} from "./process-identity.ts";

function identifySelf(): ProcessIdentity {
  const self = identifyProcess(process.pid);
  if (self === null) throw new Error("this process cannot see itself");
  return self;
}

const [boot = ""] = bootId().split("/");

describe("process identity", () => {
  it("tells whether exactly this process lives", async () => {
    const self = identifySelf();
    expect([isAlive(self), isHere(self), isFromEarlierBoot(self)]).toEqual([true, true, false]);
    expect(isAlive({ ...self, startTime: "1" })).toBe(false);
    const child = spawn("sleep", ["60"]);
    const identity = identifyProcess(child.pid ?? 0);
    if (identity === null) throw new Error("no child");
    expect(isAlive(identity)).toBe(true);
    child.kill("SIGKILL");
    await once(child, "exit");
    expect([isAlive(identity), identifyProcess(identity.pid)]).toEqual([false, null]);
  });

  it("takes nobody for alive who lived before the machine was started", () => {
    const earlier = { ...identifySelf(), bootId: bootId().replace(boot, "earlier") };
    expect([isAlive(earlier), isHere(earlier), isFromEarlierBoot(earlier)]).toEqual([false, false, true]);
  });

  it("takes nobody for dead whom it cannot look at: in another container of this machine, pids are others", () => {
    for (const elsewhere of [`${boot}/pid:[1]`, `${boot}/`]) {
      const other = { ...identifySelf(), startTime: "1", bootId: elsewhere };
      expect([isAlive(other), isHere(other), isFromEarlierBoot(other)]).toEqual([true, false, false]);
    }
  });

  it("reads the same start from ps in every time zone and language", () => {
    const before = { TZ: process.env["TZ"], LC_ALL: process.env["LC_ALL"] };
    try {
      const starts = [
        { TZ: "Asia/Tokyo", LC_ALL: "C" },
        { TZ: "America/Lima", LC_ALL: "C.UTF-8" },
      ].map((env) => {
        Object.assign(process.env, env);
        return Date.parse(`${readPsStartTime(process.pid)} UTC`);
      });
      // Where ps counts from the start of the machine, it may round to the next second.
      expect(Math.abs((starts[0] ?? 0) - (starts[1] ?? NaN))).toBeLessThanOrEqual(1_000);
    } finally {
      for (const [name, value] of Object.entries(before)) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
    }
  });
});

import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { UserFileError } from "../lib/errors.ts";
import { loadManifest } from "../repositories/load-manifest.ts";
import { expectCurrentFleet, expectFleet, FreshFleet } from "./fresh-fleet.ts";

const manifest = (...names: readonly string[]): string =>
  `version: 1\nrepos:\n${names.map((name) => `  ${name}: { tags: [t] }\n`).join("")}`;

/** A manifest that is followed, and how often it was read. */
class Followed implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), "fleet-"));
  reads = 0;
  readonly fresh = new FreshFleet(async (sources) => {
    this.reads += 1;
    return await loadManifest({ file: this.path("repos.yaml"), sources });
  }, 20);

  constructor() {
    this.fresh.follow();
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  write(name: string, text: string): void {
    writeFileSync(this.path(name), text);
  }

  async names(): Promise<readonly string[]> {
    return expectFleet(await this.fresh.look()).repositories.map(({ name }) => name);
  }

  /** Looks until it gives something, or the test's own time is over. */
  async until(isSo: () => Promise<boolean>): Promise<void> {
    while (!(await isSo())) await delay(25);
  }

  /** Waits until the time stamps are old enough to be believed; how often it was read until then. */
  async settle(): Promise<number> {
    for (let reads = 0; reads !== this.reads;) {
      reads = this.reads;
      await delay(150);
      await this.fresh.look();
    }
    return this.reads;
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

describe("a fleet that follows its manifest", () => {
  it("sees an edit, and reads nothing while there is none", async () => {
    using followed = new Followed();
    followed.write("repos.yaml", manifest("alpha"));
    expect(await followed.names()).toEqual(["alpha"]);
    // More often than once, since it was written a moment before it was read.
    const reads = await followed.settle();
    await delay(50);
    await followed.fresh.look();
    expect(followed.reads).toBe(reads);
    followed.write("repos.yaml", manifest("alpha", "beta"));
    await followed.until(async () => (await followed.names()).length === 2);
  });

  it("sees an edit of the same length, in the same file, with the same time", async () => {
    using followed = new Followed();
    followed.write("repos.yaml", manifest("alpha"));
    const past = new Date(Date.now() - 3_600_000);
    utimesSync(followed.path("repos.yaml"), past, past);
    expect(await followed.names()).toEqual(["alpha"]);
    followed.write("repos.yaml", manifest("gamma"));
    utimesSync(followed.path("repos.yaml"), past, past);
    await followed.until(async () => (await followed.names())[0] === "gamma");
  });

  it("looks once for all who ask at the same time", async () => {
    using followed = new Followed();
    followed.write("repos.yaml", manifest("alpha"));
    await followed.settle();
    const { reads } = followed;
    followed.write("repos.yaml", manifest("beta"));
    await delay(50);
    const looks = await Promise.all(Array.from({ length: 50 }, () => followed.fresh.look()));
    expect(new Set(looks).size).toBe(1);
    expect(followed.reads).toBe(reads + 1);
  });

  it("sees an edit of an import, a file that a pattern matches from now on, and one that is gone", async () => {
    using followed = new Followed();
    mkdirSync(followed.path("teams"));
    followed.write("repos.yaml", `import: [more.yaml, "teams/*.yaml"]\n${manifest("alpha")}`);
    followed.write("more.yaml", manifest("beta"));
    followed.write("teams/a.yaml", manifest("gamma"));
    expect(await followed.names()).toEqual(["alpha", "beta", "gamma"]);
    followed.write("more.yaml", manifest("delta"));
    await followed.until(async () => (await followed.names()).join() === "alpha,delta,gamma");
    followed.write("teams/b.yaml", manifest("epsilon"));
    await followed.until(async () => (await followed.names()).join() === "alpha,delta,gamma,epsilon");
    rmSync(followed.path("teams/a.yaml"));
    await followed.until(async () => (await followed.names()).join() === "alpha,delta,epsilon");
  });

  it("keeps the last one that could be read, says what is wrong, and goes on when it is mended", async () => {
    using followed = new Followed();
    followed.write("repos.yaml", `import: [more.yaml]\n${manifest("alpha")}`);
    followed.write("more.yaml", manifest("beta"));
    expect(expectCurrentFleet(await followed.fresh.look()).repositories).toHaveLength(2);
    const good = readFileSync(followed.path("more.yaml"), "utf8");
    followed.write("more.yaml", "version: 1\nrepos: { beta: { tag: x } }\n");
    await followed.until(async () => (await followed.fresh.look()).problem !== null);
    const look = await followed.fresh.look();
    expect(expectFleet(look).repositories).toHaveLength(2);
    expect(() => expectCurrentFleet(look)).toThrow(UserFileError);
    // What is broken is not read again either as long as it stays as it is.
    const reads = await followed.settle();
    await delay(50);
    await followed.fresh.look();
    expect(followed.reads).toBe(reads);
    followed.write("new", good);
    renameSync(followed.path("new"), followed.path("more.yaml"));
    await followed.until(async () => (await followed.fresh.look()).problem === null);
  });

  it("begins without a manifest, and finds it when it comes", async () => {
    using followed = new Followed();
    const look = await followed.fresh.look();
    expect(() => expectFleet(look)).toThrow("cannot be read: there is no such file");
    followed.write("repos.yaml", manifest("alpha"));
    await followed.until(async () => (await followed.fresh.look()).fleet !== null);
  });

  it("is read once by whoever does not follow", async () => {
    using followed = new Followed();
    followed.write("repos.yaml", manifest("alpha"));
    const once = new FreshFleet(
      async (sources) => await loadManifest({ file: followed.path("repos.yaml"), sources }),
      1,
    );
    const first = await once.look();
    followed.write("repos.yaml", manifest("beta"));
    await delay(50);
    expect(await once.look()).toBe(first);
  });
});

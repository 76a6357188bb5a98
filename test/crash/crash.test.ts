import { globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "rolldown";
import { afterAll, describe, expect, it } from "vitest";
import { mapLimited } from "../../src/lib/semaphore.ts";
import { killedGit, momentFile, slowHook } from "./git-stories.ts";
import { type Blow, makeTemplate, playScenario, type Starter } from "./crash-scenario.ts";

/** How many scenarios are drawn of each kind that cannot be played in full. */
const runs = Number(process.env["CRASH_RUNS"] ?? 4);
const root = join(import.meta.dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "crash-"));
const template = makeTemplate(folder);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const program = join(folder, "crash-process.mjs");
await build({
  input: join(import.meta.dirname, "crash-process.ts"),
  cwd: root,
  platform: "node",
  tsconfig: join(root, "tsconfig.json"),
  transform: { define: { __CRASH_POINTS__: "true" } },
  output: { file: program, codeSplitting: false },
  logLevel: "warn",
});
/** A hundred of these are started: bundled they take half of the time. */
const start: Starter = (workspace) => ({ file: process.execPath, args: [program, workspace] });

/** Every named crash point of the sources. */
const points = globSync("src/{engine,store}/**/*.ts", { cwd: root })
  .flatMap((file) =>
    [...readFileSync(join(root, file), "utf8").matchAll(/crashPoint\("([^"]+)"\)/g)].map((match) => match[1] ?? ""),
  )
  .toSorted();

/** The same draw for the same commit, everywhere and every day; `CRASH_SEED` plays another one. A failure names its seed. */
const seed = Number(process.env["CRASH_SEED"] ?? 1);

/** Numbers from 0 to 1 that look random (mulberry32). */
function makeRandom(from: number): () => number {
  let state = from;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Plays scenarios two at a time and gives those in which something was wrong, with how to play them again. */
async function play(
  scenarios: readonly (readonly Blow[])[],
  starter = start,
): Promise<{ faults: string[]; kills: number[] }> {
  const played = await mapLimited(scenarios, 2, async (blows) => ({
    blows,
    ...(await playScenario(template, blows, starter)),
  }));
  const faults = played.flatMap(({ blows, faults: found }) =>
    found.map((fault) => `${JSON.stringify(blows)} (seed ${seed}): ${fault}`),
  );
  return { faults, kills: played.map(({ kills }) => kills) };
}

describe(`a process that is killed (CRASH_SEED=${seed} CRASH_RUNS=${runs})`, () => {
  it("is not needed: the scenario succeeds without any blow, and leaves nothing", async () => {
    expect(await play([[]])).toEqual({ faults: [], kills: [0] });
  });

  it("at each of the named points loses nothing and does nothing twice", async () => {
    // What only a second process visits is reached after a first blow in the middle.
    const second = new Set(["engine.claimed", "engine.leftoversEnded", "engine.takenOver"]);
    expect(points.length).toBeGreaterThan(15);
    const scenarios = points.map((point): Blow[] => {
      const blow = { at: `${point}:1` };
      return second.has(point) ? [{ at: "engine.stepStarted:3" }, blow] : [blow];
    });
    const { faults, kills } = await play(scenarios);
    expect(faults).toEqual([]);
    // Each point is really visited.
    expect(kills).toEqual(scenarios.map((blows) => blows.length));
  });

  it("at any visit of any point, again and again, loses nothing and does nothing twice", async () => {
    const random = makeRandom(seed);
    const pick = (most: number): number => 1 + Math.floor(random() * most);
    const scenarios = Array.from({ length: runs }, (): Blow[] => [
      { at: `*:${pick(120)}` },
      { at: `*:${pick(40)}` },
      { at: `*:${pick(40)}` },
    ]);
    const { faults, kills } = await play(scenarios);
    expect(faults).toEqual([]);
    expect(Math.max(...kills)).toBeGreaterThan(0);
  });

  it("at any time, again and again, loses nothing and does nothing twice", async () => {
    const random = makeRandom(seed);
    const { elapsedMs } = await playScenario(template, [], start);
    const scenarios = Array.from({ length: runs }, (): Blow[] =>
      [1, 2].map(() => ({ afterMs: 100 + Math.floor(random() * elapsedMs) })),
    );
    expect((await play(scenarios)).faults).toEqual([]);
  });

  it.each([
    ["while a killed git holds the index of a worktree keeps what was done there", killedGit],
    ["while a hook of its action runs ends it before the next attempt", slowHook],
  ])("%s", async (_, story) => {
    const { faults, kills } = await playScenario(template, [{ onceThere: momentFile }], start, story);
    expect({ faults, kills }).toEqual({ faults: [], kills: 1 });
  });
});

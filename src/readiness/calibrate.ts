import { spawn } from "node:child_process";
import { once } from "node:events";
import { open } from "node:fs/promises";
import { join } from "node:path";
import type { Calibration, Machine } from "./report/report.ts";
import { coefficientOfVariation, median } from "./statistics.ts";

/** How often each kind of work is repeated: enough for a spread, and over in a fifth of a second. */
export const calibrationRounds = 30;

/** Rounds before them that are thrown away: the first ones compile. */
const warmUpRounds = 3;

/**
 * Repeats three kinds of work, taking turns: computing, writing durably into `folder`, and starting a process. Their
 * spread says whether the machine is steady enough for its figures to mean something.
 */
export async function calibrate(
  folder: string,
  signal: AbortSignal,
  rounds: number = calibrationRounds,
): Promise<NonNullable<Machine["calibration"]>> {
  const times = { cpu: [] as number[], fsync: [] as number[], spawn: [] as number[] };
  const file = await open(join(folder, "calibration"), "w");
  try {
    const page = Buffer.alloc(4_096, 1);
    for (let round = 0; round < rounds + warmUpRounds; round += 1) {
      signal.throwIfAborted();
      times.cpu.push(await time(async () => compute()));
      times.fsync.push(
        await time(async () => {
          await file.write(page, 0, page.length, 0);
          await file.sync();
        }),
      );
      times.spawn.push(
        await time(async () => {
          await once(spawn("true", { stdio: "ignore" }), "close");
        }),
      );
    }
  } finally {
    await file.close();
  }
  return { cpu: summarise(times.cpu), fsync: summarise(times.fsync), spawn: summarise(times.spawn) };
}

async function time(work: () => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  await work();
  return performance.now() - begin;
}

/** Some milliseconds of integer arithmetic that no compiler can leave out. */
function compute(): number {
  let state = 1;
  for (let step = 0; step < 2_000_000; step += 1) state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
  return state;
}

function summarise(all: readonly number[]): Calibration {
  const times = all.slice(warmUpRounds);
  return { medianMs: median(times), variation: coefficientOfVariation(times) };
}

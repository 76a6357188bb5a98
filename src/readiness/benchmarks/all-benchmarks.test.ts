import { existsSync, globSync, statSync } from "node:fs";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Fault, openStage, type Stage } from "../../../test/support/suite-stage.ts";
import type { CheckContext } from "../context.ts";
import type { BenchmarkBody, BenchmarkDefinition, BenchmarkLimits } from "../definition.ts";
import { runBenchmark } from "../run-benchmark.ts";
import { benchmarks } from "./all-benchmarks.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await openStage("auth: { enabled: false }\nlimits: { maxConcurrentWorkflows: 3 }\n");
});
afterAll(async () => {
  await stage[Symbol.asyncDispose]();
});

/** Fewer samples than in earnest; no test judges how fast this machine is. */
function shortForm(definition: BenchmarkDefinition): BenchmarkDefinition {
  return { ...definition, warmUp: 0, samples: definition.id === "BT1" ? 1 : 6 };
}

async function limitsOf(definition: BenchmarkDefinition, context: CheckContext): Promise<BenchmarkLimits> {
  return definition.limits((await context.config()).config.readiness.thresholds);
}

/** What the default limits are, from the table of the design. */
const absolute: Readonly<Record<string, { readonly median: number; readonly p95?: number }>> = {
  BW1: { median: 250, p95: 1_000 },
  BW2: { median: 25 },
  BW4: { median: 3_000 },
  BC1: { median: 10_000 },
  BR1: { median: 5_000 },
  BR4: { median: 200 },
  BT1: { median: 300 },
  BT2: { median: 500 },
};

describe.each(benchmarks.map((definition) => [definition.id, definition] as const))("%s", (id, definition) => {
  it("has the limits of the configuration, and says what it measures", async () => {
    expect(await limitsOf(definition, stage.context())).toEqual(absolute[id]);
    expect(definition.figure).not.toBe("");
  });

  it("gives figures, is judged by its limits alone, and leaves nothing behind", { timeout: 60_000 }, async () => {
    const context = stage.context();
    const limits = definition.better === "lower" ? { median: 1e9 } : { median: 1e-9 };
    const { outcome, measurement } = await runBenchmark(shortForm(definition), context, { limits, unfit: [] });
    expect(measurement.samples).toHaveLength(id === "BT1" ? 4 : 6);
    expect(measurement.samples.every((sample) => Number.isFinite(sample) && (id === "BW2" || sample > 0))).toBe(true);
    // Four samples are too few to say anything.
    expect(outcome).toMatchObject({ status: id === "BT1" ? "inconclusive" : "pass" });
    expect(await readdir(stage.workspace)).toEqual(["mahavishnu.yaml"]);
  });

  it("fails when what it does fails, and never counts that as fast", { timeout: 60_000 }, async () => {
    const { outcome, measurement } = await breakIt(definition);
    expect(outcome.status, outcome.reason).toBe("fail");
    expect(outcome.reason).toMatch(/^(the operation failed|it could not begin)/);
    expect(measurement.samples.length).toBeLessThan(shortForm(definition).samples * 4);
  });
});

describe("the disk of what is durable", () => {
  // In memory here, where the folder for temporary files is not, or the other way round.
  const other = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
  const durable = benchmarks.filter(({ id }) => !["BR1", "BR4"].includes(id));

  it.each(durable.map((definition) => [definition.id, definition] as const))(
    "%s measures on that of the state, and nothing is left there",
    async (_, definition) => {
      const root = await mkdtemp(join(other, "mahavishnu-test-"));
      const isOtherDisk = statSync(root).dev !== statSync(tmpdir()).dev;
      try {
        const stateFolder = join(root, ".mahavishnu");
        const config = `auth: { enabled: false }\nstate: { url: "sqlite:${join(stateFolder, "state.db")}" }\n`;
        await using apart = await openStage(config);
        await using body = await definition.open(apart.context());
        await body.sample(new AbortController().signal, false);
        const stores = globSync("mahavishnu-scratch-*/*/{state.db,.mahavishnu/state.db}", { cwd: stateFolder });
        expect(stores).toHaveLength(isOtherDisk ? 1 : 0);
      } finally {
        expect(await readdir(root)).toEqual([]);
        await rm(root, { recursive: true, force: true });
      }
    },
  );
});

const faults: readonly Fault[] = [["exit", "run", "0", "3"]];

/** Runs a benchmark whose work must fail: steps without programs, a command that fails, what it looks at broken. */
async function breakIt(definition: BenchmarkDefinition): ReturnType<typeof runBenchmark> {
  const { id } = definition;
  await using noDisk = await openStage('auth: { enabled: false }\nstate: { url: "sqlite:/dev/null/state.db" }\n');
  const staged = id === "BT2" ? noDisk : stage;
  const context = staged.context({ faults, env: id === "BW4" ? {} : { PATH: "/nonexistent" } });
  const open = async (given: CheckContext): Promise<BenchmarkBody> => {
    const body = await definition.open(given);
    await sabotage(id);
    return body;
  };
  const limits = await limitsOf(definition, context);
  return await runBenchmark({ ...shortForm(definition), open }, context, { limits, unfit: [] });
}

/** Breaks what a benchmark of repositories looks at, in scratch space. */
async function sabotage(id: string): Promise<void> {
  for (const file of await readdir(tmpdir(), { recursive: true })) {
    if (id === "BR1" && file.endsWith("repository-7/.git/HEAD")) await rm(join(tmpdir(), file));
    if (id === "BR4" && /\/br4-[^/]+\/repos\.yaml$/.test(file)) {
      await writeFile(join(tmpdir(), file), "version: 1\nrepos: {}\n");
    }
  }
}

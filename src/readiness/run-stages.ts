import { messageOf } from "../lib/errors.ts";
import type { BenchmarkDefinition, ProbeBody } from "./definition.ts";
import { evaluateGate } from "./gates.ts";
import { describeMachine, withCalibration } from "./machine.ts";
import { makeResult } from "./make-result.ts";
import type { OpenContext } from "./open-context.ts";
import type { Machine, Measurement } from "./report/report.ts";
import { type ResultsById, runChecks, type RunnerEvent, type RunnerOptions } from "./runner.ts";
import type { PlannedCheck, SuitePlan } from "./suite-plan.ts";
import type { Kind, Result } from "./types.ts";

/** What is told while a suite runs. */
export type SuiteEvent =
  | RunnerEvent
  | { readonly type: "waiting"; readonly holder: string }
  | { readonly type: "stage"; readonly stage: Kind; readonly checks: number };

/** What the stages of a suite need. */
export interface StagesRequest {
  readonly plan: SuitePlan;
  readonly opened: OpenContext;
  readonly stop: AbortSignal;
  /** Probes at once; benchmarks always run one at a time. */
  readonly parallel: number;
  readonly failFast: boolean;
  readonly graceMs?: number;
  readonly calibrationRounds?: number;
  readonly onEvent: (event: SuiteEvent) => void;
  /** Results as the gates see them: after waivers. */
  readonly settle: (results: readonly Result[]) => readonly Result[];
}

/** Everything that the stages found, before waivers and roll-ups. */
export interface StagesAnswer {
  readonly results: readonly Result[];
  readonly measurements: readonly Measurement[];
  readonly machine: Machine;
}

/** Asks the checks, then the tests, then the benchmarks; a later stage runs after a failure too, where it is not blocked. */
export async function runStages(request: StagesRequest): Promise<StagesAnswer> {
  const { plan, opened, stop, onEvent } = request;
  const measurements: Measurement[] = [];
  let machine = describeMachine();
  const options: RunnerOptions = {
    context: opened.context,
    profile: plan.profile,
    parallel: request.parallel,
    stop,
    harmless: new WeakSet(),
    ...(request.failFast ? { failFast: { cause: undefined } } : {}),
    ...(request.graceMs === undefined ? {} : { graceMs: request.graceMs }),
    onEvent,
    benchmark: (definition) =>
      benchmarkProbe(definition, measurements, {
        unfit: () => machine.unfit,
        lookAgain: async () => {
          const { unfit } = await calibrateMachine(machine, request);
          machine = { ...machine, unfit: [...new Set([...machine.unfit, ...unfit])] };
          return machine.unfit;
        },
      }),
  };
  const results: Result[] = [];
  for (const stage of ["check", "test", "benchmark"] as const) {
    const planned = plan.checks.filter((check) => check.definition.kind === stage);
    if (planned.length === 0) continue;
    onEvent({ type: "stage", stage, checks: planned.length });
    if (stage !== "benchmark") results.push(...(await runChecks(planned, options, byId(results))));
    else if (!stop.aborted && integrationFailed(plan, request.settle(results)))
      results.push(...planned.map((check) => mislead(check, plan)));
    else {
      if (planned.some((check) => check.skip === undefined)) machine = await calibrateMachine(machine, request);
      results.push(...(await runChecks(planned, { ...options, parallel: 1 }, byId(results))));
    }
  }
  return { results, measurements, machine };
}

function byId(results: readonly Result[]): ResultsById {
  return Map.groupBy(results, (result) => result.id);
}

function integrationFailed(plan: SuitePlan, results: readonly Result[]): boolean {
  if (!plan.gates.includes("integration") || plan.emptyGates.has("integration")) return false;
  const { gate } = evaluateGate("integration", results, { profile: plan.profile });
  return gate.status === "fail";
}

/** The result of a benchmark that is not run because the tests failed. */
function mislead(planned: PlannedCheck, { profile }: SuitePlan): Result {
  const frame = { planned, profile, target: null, optional: false };
  if (planned.skip !== undefined) return makeResult(frame, { status: "skipped", reason: planned.skip });
  const reason = "the integration tests failed, and figures of a broken system mislead";
  return makeResult(frame, { status: "notRun", reason });
}

/** The benchmark as a probe; its figures are kept beside its answer. */
function benchmarkProbe(
  definition: BenchmarkDefinition,
  measurements: Measurement[],
  {
    unfit,
    lookAgain,
  }: { readonly unfit: () => readonly string[]; readonly lookAgain: () => Promise<readonly string[]> },
): ProbeBody {
  return async (context) => {
    const { config } = await context.config();
    const { runBenchmark } = await import("./run-benchmark.ts");
    const limits = definition.limits(config.readiness.thresholds);
    const answer = await runBenchmark(definition, context, { limits, unfit: unfit(), lookAgain });
    measurements.push(answer.measurement);
    return answer.outcome;
  };
}

/** A machine that cannot be calibrated is not one to trust. */
async function calibrateMachine(machine: Machine, request: StagesRequest): Promise<Machine> {
  try {
    const { calibrate } = await import("./calibrate.ts");
    const folder = await request.opened.stateFolder();
    return withCalibration(machine, await calibrate(folder, request.stop, request.calibrationRounds));
  } catch (error) {
    return { ...machine, unfit: [`it could not be calibrated: ${messageOf(error)}`] };
  }
}

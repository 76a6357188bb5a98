import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Fault, openStage, type Stage } from "../../../../test/support/suite-stage.ts";
import type { CheckContext } from "../../context.ts";
import type { Outcome } from "../../types.ts";
import { runBasicWorkflow } from "./wfx001-live.ts";
import { readStates } from "./wfx002-live.ts";
import { failAStep } from "./wfx003-live.ts";
import { killAndResume } from "./wfx004-live.ts";
import { retryAsConfigured } from "./wfx005-live.ts";
import { endOverdueStep } from "./wfx006-live.ts";
import { cancelRuns } from "./wfx007-live.ts";
import { keepRunLimit } from "./wfx008-live.ts";
import { sweepWithOneBroken } from "./wfx009-live.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await openStage(`
auth: { enabled: false }
limits: { maxConcurrentWorkflows: 2, retry: { attempts: 4, first: 100ms }, grace: 200ms }
`);
});
afterAll(async () => {
  await stage[Symbol.asyncDispose]();
});

type Probe = (context: CheckContext) => Promise<Outcome>;

/** Ids with their probes; each is asked of a sound CLI, and of one with each of the faults. */
const cases: readonly (readonly [id: string, probe: Probe, faults: Readonly<Record<string, readonly Fault[]>>])[] = [
  [
    "WFX001",
    runBasicWorkflow,
    {
      "the nonce is lost on the way": [["swap", "run", "cat nonce.txt", "echo another"]],
      "a failure is told as a success": [
        ["swap", "run", `printf 'nonce=%s..' "..cat`, 'exit 3; "$(cat'],
        ["tell", "", "failed", "succeeded"],
        ["exit", "run", "1", "0"],
      ],
      "another process reads something else": [["tell", "runs show", '"attempts": ', '"tries": [], "attempts": ']],
    },
  ],
  [
    "WFX002",
    readStates,
    {
      "another process reads an older state": [["tell", "runs show", '"state": "running"', '"state": "queued"']],
      "a state has no reason": [["tell", "", '"reason": "its turn has come"', '"reason": ""']],
      "who watches misses transitions": [["tell", "runs watch", '"type":"step.finished"', '"type":"step.skipped"']],
      "who watches misses the end": [["answer", "runs watch", ""]],
      "a run that is over can be cancelled": [["answer", "runs cancel", ""]],
    },
  ],
  [
    "WFX003",
    failAStep,
    {
      "a failure counts as success": [
        ["exit", "run", "1", "0"],
        ["tell", "", '"failed"', '"succeeded"'],
      ],
      "the exit code is lost": [["tell", "", '"exitCode": 7', '"exitCode": 1']],
      "the log is lost": [["answer", "runs logs", ""]],
      "the step after the failing one is started": [["append", "runs show", "outside/after", "done"]],
      "a neighbour goes down with it": [["swap", "run", "OUTSIDE/neighbour", "OUTSIDE/nowhere"]],
    },
  ],
  [
    "WFX004",
    killAndResume,
    {
      "finished steps run again": [["append", "runs resume", "outside/one", "again"]],
      "the next attempt has another key": [["swap", "run", '"\\$MAHAVISHNU_IDEMPOTENCY_KEY"', "$$"]],
      "nobody takes the run over": [["answer", "runs resume", "{}"]],
      "the interrupted attempt is not shown": [["tell", "runs resume", '"interrupted"', '"failed"']],
    },
  ],
  [
    "WFX005",
    retryAsConfigured,
    {
      "fewer attempts than configured": [["set", "run", "limits.retry.attempts=2"]],
      "no back-off": [["set", "run", "limits.retry.first=0ms"]],
      "waits do not grow": [["set", "run", "limits.retry.backoff=fixed"]],
      "attempts are told that were never made": [["swap", "run", "echo attempt", "true"]],
    },
  ],
  [
    "WFX006",
    endOverdueStep,
    {
      "the time-out is forgotten": [["swap", "run", "timeout: 1500ms", "timeout: 30s"]],
      "a process that left its group is forgotten": [
        ["swap", "run", "setsid sh", "setsid env -u MAHAVISHNU_IDEMPOTENCY_KEY sh"],
      ],
    },
  ],
  [
    "WFX007",
    cancelRuns,
    {
      "cancel does nothing and says yes": [["answer", "runs cancel", ""]],
      "the limit does not hold, so nothing waits": [["set", "run", "limits.maxConcurrentWorkflows=5"]],
      "a process that left its group is forgotten": [
        ["swap", "run", "\\( trap", "setsid env -u MAHAVISHNU_IDEMPOTENCY_KEY sleep 60 & ( trap"],
      ],
    },
  ],
  ["WFX008", keepRunLimit, { "the limit does not hold": [["set", "run", "limits.maxConcurrentWorkflows=5"]] }],
  [
    "WFX009",
    sweepWithOneBroken,
    {
      "partial counts as success": [["exit", "run", "2", "0"]],
      "the broken repository is dropped": [["swap", "run", "order: none", 'select: "!name:beta"']],
    },
  ],
];

describe.concurrent.each(cases)("%s", (_id, probe, faults) => {
  it("is green on a sound product", async () => {
    const outcome = await probe(stage.context());
    expect(outcome.status, JSON.stringify(outcome)).toBe("pass");
  });

  it.each(Object.entries(faults))("is red when %s", async (_what, planted) => {
    const outcome = await probe(stage.context({ faults: planted }));
    expect(outcome.status, JSON.stringify(outcome)).toBe("fail");
  });
});

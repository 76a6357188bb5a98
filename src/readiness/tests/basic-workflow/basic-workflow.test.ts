import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Fault, openStage, type Stage } from "../../../../test/support/suite-stage.ts";
import type { CheckContext } from "../../context.ts";
import type { Outcome } from "../../types.ts";
import { handOnNonce } from "./ib1.ts";
import { keepError } from "./ib2.ts";
import { joinBranches } from "./ib3.ts";
import { decideByConditions } from "./ib4.ts";
import { validateInputs } from "./ib5.ts";
import { endOnTimeout } from "./ib6.ts";
import { cancelSweep } from "./ib7.ts";
import { resubmit } from "./ib8.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await openStage("auth: { enabled: false }\n");
});
afterAll(async () => {
  await stage[Symbol.asyncDispose]();
});

type Probe = (context: CheckContext) => Promise<Outcome>;

const cases: readonly (readonly [id: string, probe: Probe, faults: Readonly<Record<string, readonly Fault[]>>])[] = [
  ["IB1", handOnNonce, {}],
  ["IB2", keepError, {}],
  ["IB3", joinBranches, {}],
  ["IB4", decideByConditions, {}],
  ["IB5", validateInputs, {}],
  ["IB6", endOnTimeout, {}],
  ["IB7", cancelSweep, {}],
  ["IB8", resubmit, {}],
];

describe.each(cases)("%s", (_id, probe, faults) => {
  it.concurrent("is green on a sound product", async () => {
    const outcome = await probe(stage.context());
    expect(outcome, JSON.stringify(outcome)).toMatchObject({ status: "pass" });
  });
});

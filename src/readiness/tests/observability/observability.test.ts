import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Fault, openStage, type Stage } from "../../../../test/support/suite-stage.ts";
import type { CheckContext } from "../../context.ts";
import type { Outcome } from "../../types.ts";
import { followId } from "./io1.ts";
import { redactSecrets } from "./io3.ts";
import { countTruly } from "./io4.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await openStage("auth: { enabled: false }\n");
});
afterAll(async () => {
  await stage[Symbol.asyncDispose]();
});

type Probe = (context: CheckContext) => Promise<Outcome>;

const cases: readonly (readonly [id: string, probe: Probe, faults: Readonly<Record<string, readonly Fault[]>>])[] = [
  ["IO1", followId, {}],
  ["IO3", redactSecrets, {}],
  ["IO4", countTruly, {}],
];

describe.each(cases)("%s", (_id, probe, faults) => {
  it.concurrent("is green on a sound product", async () => {
    const outcome = await probe(stage.context());
    expect(outcome, JSON.stringify(outcome)).toMatchObject({ status: "pass" });
  });
});

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Fault, openStage, type Stage } from "../../../../test/support/suite-stage.ts";
import type { CheckContext } from "../../context.ts";
import type { Outcome } from "../../types.ts";
import { rereadTransitions } from "./is1.ts";
import { refuseIllegal } from "./is2.ts";
import { survivesKill } from "./is3.ts";
import { oneOwnerWins } from "./is4.ts";
import { historyIsWhole } from "./is5.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await openStage("auth: { enabled: false }\n");
});
afterAll(async () => {
  await stage[Symbol.asyncDispose]();
});

type Probe = (context: CheckContext) => Promise<Outcome>;

const cases: readonly (readonly [id: string, probe: Probe, faults: Readonly<Record<string, readonly Fault[]>>])[] = [
  ["IS1", rereadTransitions, {}],
  ["IS2", refuseIllegal, {}],
  ["IS3", survivesKill, {}],
  ["IS4", oneOwnerWins, {}],
  ["IS5", historyIsWhole, {}],
];

describe.each(cases)("%s", (_id, probe, faults) => {
  it.concurrent("is green on a sound product", async () => {
    const outcome = await probe(stage.context());
    expect(outcome, JSON.stringify(outcome)).toMatchObject({ status: "pass" });
  });
});

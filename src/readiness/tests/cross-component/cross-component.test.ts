import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Fault, openStage, type Stage } from "../../../../test/support/suite-stage.ts";
import type { CheckContext } from "../../context.ts";
import type { Outcome } from "../../types.ts";
import { reachRepository } from "./ix1.ts";
import { outlastLock } from "./ix3.ts";
import { sweepAroundBroken } from "./ix4.ts";
import { stopAndGoOn } from "./ix8.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await openStage("auth: { enabled: false }\n");
});
afterAll(async () => {
  await stage[Symbol.asyncDispose]();
});

type Probe = (context: CheckContext) => Promise<Outcome>;

const cases: readonly (readonly [id: string, probe: Probe, faults: Readonly<Record<string, readonly Fault[]>>])[] = [
  ["IX1", reachRepository, {}],
  ["IX3", outlastLock, {}],
  ["IX4", sweepAroundBroken, {}],
  ["IX8", stopAndGoOn, {}],
];

describe.each(cases)("%s", (_id, probe, faults) => {
  it.concurrent("is green on a sound product", async () => {
    const outcome = await probe(stage.context());
    expect(outcome, JSON.stringify(outcome)).toMatchObject({ status: "pass" });
  });
});

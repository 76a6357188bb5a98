import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openStage, type Stage } from "../../../../test/support/suite-stage.ts";
import type { CheckContext } from "../../context.ts";
import type { Outcome } from "../../types.ts";
import type { Door } from "./door-world.ts";
import { denyStrangers } from "./ir1.ts";
import { keepMatrix } from "./ir2.ts";
import { keepScope } from "./ir3.ts";
import { changeTakesEffect } from "./ir4.ts";
import { refuseEscalation } from "./ir6.ts";
import { auditDenials } from "./ir8.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await openStage("auth: { enabled: false }\n");
});
afterAll(async () => {
  await stage[Symbol.asyncDispose]();
});

type Probe = (context: CheckContext, door?: Door) => Promise<Outcome>;

const cases: readonly (readonly [id: string, probe: Probe, doors: Readonly<Record<string, Door>>])[] = [
  ["IR1", denyStrangers, {}],
  ["IR2", keepMatrix, {}],
  ["IR3", keepScope, {}],
  ["IR4", changeTakesEffect, {}],
  ["IR6", refuseEscalation, {}],
  ["IR8", auditDenials, {}],
];

describe.each(cases)("%s", (_id, probe, doors) => {
  it.concurrent("is green on a sound product", async () => {
    const outcome = await probe(stage.context());
    expect(outcome, JSON.stringify(outcome)).toMatchObject({ status: "pass" });
  });
});

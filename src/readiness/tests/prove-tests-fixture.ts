import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Fault, openStage, type Stage } from "../../../test/support/suite-stage.ts";
import { Semaphore } from "../../lib/semaphore.ts";
import type { CheckContext } from "../context.ts";
import type { Outcome } from "../types.ts";

/** A test of the catalogue, and what must turn it red. */
export interface ProvedTest<With> {
  readonly id: string;
  readonly body: (context: CheckContext, given?: With) => Promise<Outcome>;
  /** By what is wrong: faults of the CLI, or another part that is handed in. */
  readonly faults: Readonly<Record<string, readonly Fault[] | { readonly given: With }>>;
}

/** Of the machine's two processors each test keeps one busy; one more fills its waits. */
const atOnce = 2;

/** Each test of a group is green on the sound product and red for each of its faults, which says why. */
export function proveTests<With>(tests: readonly ProvedTest<With>[]): void {
  let stage: Stage;
  beforeAll(async () => {
    stage = await openStage("auth: { enabled: false }\n");
  });
  afterAll(async () => {
    await stage[Symbol.asyncDispose]();
  });
  const permits = new Semaphore(atOnce);
  const options = { timeout: 60_000 };
  describe.each(tests)("$id", ({ body, faults }) => {
    it.concurrent("is green on a sound product", options, async () => {
      const outcome = await permits.run(async () => await body(stage.context()));
      expect(outcome, JSON.stringify(outcome)).toMatchObject({ status: "pass" });
    });
    it.concurrent.each(Object.entries(faults))("is red when %s", options, async (_what, fault) => {
      const outcome = await permits.run(async () => {
        if ("given" in fault) return await body(stage.context(), fault.given);
        return await body(stage.context({ faults: fault }));
      });
      expect(outcome, JSON.stringify(outcome)).toMatchObject({ status: "fail" });
      expect(outcome.reason).not.toBe("");
    });
  });
}

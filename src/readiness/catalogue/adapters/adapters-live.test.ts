import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Fault, openStage, type Stage } from "../../../../test/support/suite-stage.ts";
import { version } from "../../../lib/version.ts";
import type { ProbeBody } from "../../definition.ts";
import { eachAdapter } from "./enabled-adapters.ts";
import { doubtHealth, openAgain, reachAdapter } from "./probe-adapter.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await openStage("auth: { enabled: false }\n");
});
afterAll(async () => {
  await stage[Symbol.asyncDispose]();
});

const embedded = { kind: "adapter", name: "embedded" } as const;

/** A health that claims everything and has done nothing. */
const constant = JSON.stringify({
  items: [
    {
      name: "embedded",
      state: "up",
      reason: "always fine",
      layers: [{ name: "store", ms: 1 }],
      canary: { nonce: "00000000", echo: "00000000" },
    },
  ],
});

const cases: readonly (readonly [id: string, probe: ProbeBody, faults: Readonly<Record<string, readonly Fault[]>>])[] =
  [
    [
      "ADP001",
      reachAdapter,
      {
        "it has another version": [["tell", "adapters list", `"version": "${version}"`, '"version": "0.0.1"']],
        "it is not listed": [["tell", "adapters list", '"embedded"', '"other"']],
        "a layer is missing": [["answer", "adapters health", constant]],
      },
    ],
    [
      "ADP002",
      doubtHealth,
      {
        "health is a constant": [["answer", "adapters health", constant]],
        "its runs fail": [["set", "adapters health", "limits.stepTimeout=1ms"]],
        "down is told as up": [["tell", "adapters health", '"down"', '"up"']],
        "the answer has another shape": [["tell", "adapters health", '"reason"', '"why"']],
      },
    ],
    [
      "ADP003",
      openAgain,
      {
        "it leaves a process behind": [["leave", "adapters health"]],
        "it leaves a file behind": [["append", "adapters health", "canary-left", ""]],
        "it says something else each time": [["tell", "adapters list", '"clustered": false', '"clustered": "PID"']],
        "its runs fail": [["set", "adapters health", "limits.stepTimeout=1ms"]],
      },
    ],
  ];

describe.concurrent.each(cases)("%s", (_id, probe, faults) => {
  it("is green on a sound product", async () => {
    const outcome = await probe(stage.context(), embedded);
    expect(outcome.status, JSON.stringify(outcome)).toBe("pass");
  });

  it.each(Object.entries(faults))("is red when %s", async (_what, planted) => {
    const outcome = await probe(stage.context({ faults: planted }), embedded);
    expect(outcome.status, JSON.stringify(outcome)).toBe("fail");
  });
});

it("asks every enabled adapter", async () => {
  expect((await eachAdapter(stage.context())).targets).toEqual([{ target: embedded }]);
});

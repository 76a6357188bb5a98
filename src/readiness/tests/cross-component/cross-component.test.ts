import { proveTests } from "../prove-tests-fixture.ts";
import { reachRepository } from "./ix1.ts";
import { outlastLock } from "./ix3.ts";
import { sweepAroundBroken } from "./ix4.ts";
import { stopAndGoOn } from "./ix8.ts";

proveTests([
  {
    id: "IX1",
    body: reachRepository,
    faults: {
      "the change does not reach the branch": [["swap", "run", "branch: suite/change", "branch: suite/other"]],
      "the result that comes back is another": [["tell", "run", '"commit": "[0-9a-f]{8}', '"commit": "00000000']],
    },
  },
  { id: "IX3", body: outlastLock, faults: { "a process gives up when it cannot write": [["die", "run", "2500"]] } },
  {
    id: "IX4",
    body: sweepAroundBroken,
    faults: {
      "partial counts as success": [["exit", "run", "2", "0"]],
      "what failed is left out": [["swap", "run", "sweep: {}", "sweep: { select: '!name:three' }"]],
    },
  },
  {
    id: "IX8",
    body: stopAndGoOn,
    faults: {
      "TERM is told as an end": [["exit", "run", "143", "0"]],
      "what was stopped is not gone on with": [["answer", "runs resume", '{"error":{"code":"USAGE"}}']],
    },
  },
]);

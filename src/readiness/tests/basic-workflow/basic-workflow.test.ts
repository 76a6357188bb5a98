import { proveTests } from "../prove-tests-fixture.ts";
import { handOnNonce } from "./ib1.ts";
import { keepError } from "./ib2.ts";
import { joinBranches } from "./ib3.ts";
import { decideByConditions } from "./ib4.ts";
import { validateInputs } from "./ib5.ts";
import { endOnTimeout } from "./ib6.ts";
import { cancelSweep } from "./ib7.ts";
import { resubmit } from "./ib8.ts";

proveTests([
  {
    id: "IB1",
    body: handOnNonce,
    faults: {
      "a step hands on something else": [["swap", "run", "cp nonce.txt copy.txt", "echo another > copy.txt"]],
      "the repository's own folder is worked in": [["swap", "run", "sweep: {}", "sweep: {}\n    checkout: inPlace"]],
    },
  },
  {
    id: "IB2",
    body: keepError,
    faults: {
      "a failure is told as a success": [
        ["exit", "run", "1", "0"],
        ["tell", "", '"failed"', '"succeeded"'],
      ],
      "the message of the error is lost": [["tell", "runs logs", "the disk said", "nobody said"]],
    },
  },
  {
    id: "IB3",
    body: joinBranches,
    faults: {
      "branches run one after the other": [
        ["set", "run", "limits.maxConcurrentSteps=1"],
        ["swap", "run", "timeout: 15s", "timeout: 400ms"],
      ],
      "the output of a branch is lost": [["swap", "run", "needs.middle.outputs", "needs.left.outputs"]],
    },
  },
  {
    id: "IB4",
    body: decideByConditions,
    faults: {
      "the condition of a step is not obeyed": [["swap", "run", "if: inputs.mode == 'full'", "if: true"]],
      "the condition of a job is not obeyed": [["swap", "run", "if: needs.decide.outputs.go == 'yes'", "if: always()"]],
    },
  },
  {
    id: "IB5",
    body: validateInputs,
    faults: {
      "a bound is not looked at": [["swap", "run", "minimum: 1", "minimum: 0"]],
      "a refusal does not end as one": [["exit", "run", "64", "0"]],
    },
  },
  {
    id: "IB6",
    body: endOnTimeout,
    faults: {
      "a process that left its group is forgotten": [
        ["swap", "run", "setsid sh", "setsid env -u MAHAVISHNU_IDEMPOTENCY_KEY sh"],
      ],
      "it is not told as a time-out": [["tell", "run", '"failure": "timeout"', '"failure": "exit"']],
    },
  },
  {
    id: "IB7",
    body: cancelSweep,
    faults: {
      "what waits is begun all the same": [["swap", "run", "maxParallel: 1", "maxParallel: 3"]],
      "the end is told as another": [["tell", "run", '"state":"cancelled"', '"state":"failed"']],
    },
  },
  { id: "IB8", body: resubmit, faults: { "the key is not heard of": [["drop", "run", "--idempotency-key"]] } },
]);

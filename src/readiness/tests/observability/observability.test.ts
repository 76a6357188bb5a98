import { proveTests } from "../prove-tests-fixture.ts";
import { followId } from "./io1.ts";
import { redactSecrets } from "./io3.ts";
import { countTruly } from "./io4.ts";

proveTests([
  {
    id: "IO1",
    body: followId,
    faults: {
      "a step does not know its run": [["swap", "run", "\\$MAHAVISHNU_RUN_ID", "$PPID"]],
      "a report is not written": [["swap", "run", "- junit", "- markdown"]],
    },
  },
  {
    id: "IO3",
    body: redactSecrets,
    faults: {
      "a command shows it": [["reveal", "runs show", "IO3_CANARY"]],
      "a file keeps it in base64": [["keep", "run", "IO3_CANARY", "base64"]],
      "the password of a url reaches a log": [
        ["swap", "run", 'echo "end of spill"', 'echo "end of spill"; cat ../../../../repos.yaml'],
      ],
      "a step gets what it did not ask for": [
        ["swap", "run", 'echo "not given: \\$\\{TOKEN:-nothing\\}', 'echo "not given: something'],
      ],
    },
  },
  {
    id: "IO4",
    body: countTruly,
    faults: { "a count is wrong": [["tell", "runs list", '"succeeded": 3', '"succeeded": 4']] },
  },
]);

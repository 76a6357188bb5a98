import { proveTests } from "../prove-tests-fixture.ts";
import { rereadTransitions } from "./is1.ts";
import { refuseIllegal } from "./is2.ts";
import { survivesKill } from "./is3.ts";
import { oneOwnerWins } from "./is4.ts";
import { historyIsWhole } from "./is5.ts";

const emptyAnswer = '{"error":{"code":"USAGE"}}';

proveTests([
  {
    id: "IS1",
    body: rereadTransitions,
    faults: {
      "another transition is told than is written": [["tell", "run", '"type":"step.started"', '"type":"step.begun"']],
      "what is told never reaches the store": [["sql", "run", "DELETE FROM event WHERE type = 'target.finished'"]],
    },
  },
  {
    id: "IS2",
    body: refuseIllegal,
    faults: {
      "a run that is over can be cancelled": [["answer", "runs cancel", ""]],
      "the history can be rewritten": [["sql", "run", "DROP TRIGGER event_keeps_text"]],
    },
  },
  {
    id: "IS3",
    body: survivesKill,
    faults: {
      "nobody goes on with the run": [["answer", "runs resume", emptyAnswer]],
      "a step that had finished runs again": [["become", "runs resume", "runs resume", "run crashing --"]],
      "attempts have keys of their own": [["swap", "run", 'echo "\\$MAHAVISHNU_IDEMPOTENCY_KEY"', 'echo "$$$$"']],
    },
  },
  {
    id: "IS4",
    body: oneOwnerWins,
    faults: {
      "both are told that they got it": [["exit", "runs resume", "1", "0"]],
      "the other is not told why": [["tell", "runs resume", '"RUN_(OWNED|STATE)"', '"USAGE"']],
    },
  },
  {
    id: "IS5",
    body: historyIsWhole,
    faults: { "an event is lost": [["sql", "run", "DELETE FROM event WHERE type = 'step.skipped'"]] },
  },
]);

import type { CheckDefinition } from "../../definition.ts";
import { defineLaterTests, defineTests } from "../define-test.ts";

const loss = "Report it with the evidence: what runs have done may be lost or done twice.";

/** What happened is known, whatever happens next. */
export const stateTests: readonly CheckDefinition[] = [
  ...defineTests("state", [
    {
      id: "IS1",
      title: "every transition is in the store before it is told",
      mustPass: true,
      verifies: "What anybody is told of a run has been written, and is the same for whoever reads it later.",
      how: "reads the database through a connection of its own at each transition that the owner of a run tells",
      advice: loss,
      expectedMs: 1_200,
      live: async (context) => await (await import("./is1.ts")).rereadTransitions(context),
    },
    {
      id: "IS2",
      title: "transitions that a state does not allow are refused",
      mustPass: true,
      verifies:
        "A run that is over stays as it is, one that is owned is left alone, and the history cannot be rewritten.",
      how: "asks to retry a run that works, to cancel, resume and retry one that is over, and tries to change the database",
      advice: loss,
      expectedMs: 1_500,
      live: async (context) => await (await import("./is2.ts")).refuseIllegal(context),
    },
    {
      id: "IS3",
      title: "a sweep survives kill -9",
      mustPass: true,
      verifies:
        "Finished steps never run again; those that were interrupted run again with the same key; the order is kept.",
      how: "kills the owner of a sweep while two repositories work and one waits for them, and resumes it in another process",
      advice: loss,
      expectedMs: 1_500,
      live: async (context) => await (await import("./is3.ts")).survivesKill(context),
    },
    {
      id: "IS4",
      title: "of two that want one run, one gets it and the other is told",
      verifies: "A run has one owner, also when several processes want to go on with it at the same moment.",
      how: "lets two processes resume the same run at once, and counts outside what was done",
      advice: loss,
      expectedMs: 1_500,
      live: async (context) => await (await import("./is4.ts")).oneOwnerWins(context),
    },
    {
      id: "IS5",
      title: "the history of a run is complete and in order",
      verifies:
        "Every begin has its end, numbers have no gaps, time never goes backwards, and each target tells its own story.",
      how: "reads the events of two runs that wrote at the same time from the database",
      advice: loss,
      expectedMs: 800,
      live: async (context) => await (await import("./is5.ts")).historyIsWhole(context),
    },
  ]),
  ...defineLaterTests("state", [
    {
      id: "IS6",
      title: "a paused run waits over a restart",
      verifies: "A pause holds a run for as long as wanted, in another process too.",
      reason: "runs cannot be paused yet",
    },
    {
      id: "IS7",
      title: "retention deletes only what it should",
      verifies: "Old runs go with all that belongs to them, and nothing else goes.",
      reason: "nothing is deleted yet: history is kept until the state folder is removed",
    },
    {
      id: "IS8",
      title: "an old state is migrated and read",
      verifies: "A newer version brings the store of an older one forward, and reads what is in it.",
      reason: "there is only one version of the store so far",
    },
  ]),
];

import type { CheckDefinition } from "../../definition.ts";
import { defineLaterTests, defineTests } from "../define-test.ts";

/** Whoever looks sees what happened, and nothing that they must not see. */
export const observabilityTests: readonly CheckDefinition[] = [
  ...defineTests("observability", [
    {
      id: "IO1",
      title: "one id leads from the command to the log of a step",
      mustPass: true,
      verifies:
        "The id of a run is in the environment of its steps, in its logs, its history, its folder and its reports.",
      how: "follows the id of a run from the command line into everything that is kept of it",
      advice: "Report it with the evidence: what a step did cannot be traced to who asked for it.",
      expectedMs: 1_000,
      live: async (context) => await (await import("./io1.ts")).followId(context),
    },
    {
      id: "IO3",
      title: "a secret that a step prints is masked wherever it is kept or shown",
      mustPass: true,
      security: true,
      verifies:
        "Logs, journal, outputs of steps, reports and every command show *** in the place of a secret, also of its base64 and URL forms, and of a password in the url of a repository.",
      how: "lets steps print a canary in every form, whole and in pieces, puts another into the url of a repository, and looks for both in all files of the state folder and all outputs",
      advice:
        "Report it with the evidence, and give no step a secret until it is mended; exchange the secrets that were used.",
      expectedMs: 2_500,
      live: async (context) => await (await import("./io3.ts")).redactSecrets(context),
    },
    {
      id: "IO4",
      title: "counts match what happened",
      verifies: "The counts of a run are those of what its steps have done. There are no metrics yet.",
      how: "lets a sweep end in every way at once, and compares the counts with what was counted outside",
      advice: "Report it with the evidence: outcomes of sweeps cannot be read from their counts.",
      expectedMs: 1_000,
      live: async (context) => await (await import("./io4.ts")).countTruly(context),
    },
  ]),
  ...defineLaterTests("observability", [
    {
      id: "IO2",
      title: "logs have levels and a shape",
      verifies: "What the product logs about itself can be filtered and read by machines.",
      reason: "the product keeps no log about itself yet: it tells what it does by its history and its outputs",
    },
    {
      id: "IO5",
      title: "spans nest and their durations add up",
      verifies: "A trace shows run, target and step as they contain each other.",
      reason: "traces are not built yet",
    },
    {
      id: "IO6",
      title: "an alert fires and clears once",
      verifies: "Who is to be told is told once, and told when it is over.",
      reason: "alerts are not built yet",
    },
    {
      id: "IO7",
      title: "the health endpoint flips when a dependency is cut",
      mustPass: true,
      verifies: "Health is found out and never a constant.",
      reason: "the suite does not cut a server off from what it needs yet",
    },
    {
      id: "IO8",
      title: "the metrics endpoint can be parsed",
      verifies: "Metrics have a fixed set of labels, and a scraper reads them.",
      reason: "metrics are not built yet",
    },
  ]),
];

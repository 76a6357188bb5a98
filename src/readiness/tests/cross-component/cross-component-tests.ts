import type { CheckDefinition } from "../../definition.ts";
import { defineLaterTests, defineTests } from "../define-test.ts";

/** The parts work together, also when one of them does not. */
export const crossComponentTests: readonly CheckDefinition[] = [
  ...defineTests("crossComponent", [
    {
      id: "IX1",
      title: "a change goes from the command line into a repository and back",
      mustPass: true,
      verifies:
        "Command line, door, engine, action and repository hand on what was asked for, and the result comes back. The way through an HTTP API is not built yet.",
      how: "commits a change of a worktree on a branch by git/commit, and compares the id that comes back with the repository",
      advice: "See which part is named; workflows of your own will fail at the same place.",
      expectedMs: 1_500,
      live: async (context) => await (await import("./ix1.ts")).reachRepository(context),
    },
    {
      id: "IX3",
      title: "a store that is locked for some seconds costs nothing",
      verifies: "While nobody can write, runs wait; afterwards nothing is lost and nothing was done twice.",
      how: "holds the write lock of the store for five seconds in the middle of a run",
      advice: "Report it with the evidence: a slow disk or a backup at work may break runs.",
      expectedMs: 6_500,
      live: async (context) => await (await import("./ix3.ts")).outlastLock(context),
    },
    {
      id: "IX4",
      title: "a sweep goes around a broken repository",
      verifies:
        "Sound repositories are done, dependents of the broken one are skipped with the reason, and a retry does just the rest.",
      how: "sweeps five repositories of which one is broken and one needs it, mends it, and asks for the rest",
      advice: "Report it with the evidence: one broken repository may spoil a sweep.",
      expectedMs: 1_500,
      live: async (context) => await (await import("./ix4.ts")).sweepAroundBroken(context),
    },
    {
      id: "IX8",
      title: "a busy sweep is stopped by TERM and goes on elsewhere",
      verifies:
        "A supervisor can stop a process at any time: its run is left whole, and another process brings it to its end.",
      how: "sends TERM to a sweep of eight repositories, resumes it, and counts outside what was done",
      advice: "Report it with the evidence: a restart of the machine may lose work.",
      expectedMs: 3_000,
      live: async (context) => await (await import("./ix8.ts")).stopAndGoOn(context),
    },
  ]),
  ...defineLaterTests("crossComponent", [
    {
      id: "IX2",
      title: "a run outlives an adapter that goes down",
      mustPass: true,
      verifies: "An outside engine or flow that fails is tried again or given up, and the run ends in the right state.",
      reason: "there is no outside adapter yet; the embedded engine goes down with its process, which IS3 tests",
    },
    {
      id: "IX5",
      title: "schedules, queue and limits hold under a burst",
      verifies: "More runs than there are slots wait in order, whoever asked for them.",
      reason: "there are no schedules yet; WFX008 and BC1 load the queue and its limit",
    },
    {
      id: "IX6",
      title: "an event starts a workflow, which answers, all signed",
      verifies: "Events from outside are believed only when they are signed, and answered once.",
      reason: "there are neither events from outside nor callbacks yet",
    },
    {
      id: "IX7",
      title: "a configuration is reloaded while it is in use",
      verifies: "Running work keeps the configuration that it began with; new work has the new one.",
      reason: "every command reads the configuration at its start; nothing runs long enough to reload it yet",
    },
  ]),
];

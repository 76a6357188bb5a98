import type { CheckDefinition } from "../../definition.ts";
import { defineTests } from "../define-test.ts";

/** Workflows do what they say, and say what they did. */
export const basicWorkflowTests: readonly CheckDefinition[] = defineTests("basicWorkflow", [
  {
    id: "IB1",
    title: "three steps succeed and hand a nonce on",
    mustPass: true,
    verifies: "Steps run in order, each sees what the one before has done, and outputs reach the job that needs them.",
    how: "sends a nonce through three steps in a worktree and on to a second job, and sees that the repository's own folder was left alone",
    advice: "See why the named step fails; runs of your own will fail as well.",
    expectedMs: 1_000,
    live: async (context) => await (await import("./ib1.ts")).handOnNonce(context),
  },
  {
    id: "IB2",
    title: "a failing step fails its run, and its error is kept",
    mustPass: true,
    verifies: "A failure is never taken for a success, and whoever comes later can see what went wrong.",
    how: "lets the second of three steps end with 23, and asks another process for code, last line and log",
    advice: "Do not trust the outcome of runs until this passes; report it with the evidence.",
    expectedMs: 1_000,
    live: async (context) => await (await import("./ib2.ts")).keepError(context),
  },
  {
    id: "IB3",
    title: "parallel branches run side by side and join",
    verifies:
      "Jobs that need nothing run at the same time; a job that needs them starts after all and has their outputs.",
    how: "runs three jobs that wait for each other, which they could not one after the other, and a fourth that needs them",
    advice: "See limits.maxConcurrentSteps; report it if the limit is above 2.",
    expectedMs: 600,
    live: async (context) => await (await import("./ib3.ts")).joinBranches(context),
  },
  {
    id: "IB4",
    title: "conditions decide what is done",
    verifies:
      "Conditions of steps and jobs are obeyed both ways, and what was skipped says why. There are no loops yet.",
    how: "runs one workflow with an input that asks for the one way and then for the other",
    advice: "Report it with the evidence: conditions of workflows cannot be trusted.",
    expectedMs: 800,
    live: async (context) => await (await import("./ib4.ts")).decideByConditions(context),
  },
  {
    id: "IB5",
    title: "inputs are validated before anything happens",
    verifies:
      "A missing, unknown or wrong input is refused with its name, and nothing has begun; right ones keep their type.",
    how: "gives a workflow five kinds of wrong inputs, and then right ones",
    advice: "Report it with the evidence: workflows may run with inputs that they do not allow.",
    expectedMs: 1_500,
    live: async (context) => await (await import("./ib5.ts")).validateInputs(context),
  },
  {
    id: "IB6",
    title: "a step that takes too long is ended with its children",
    verifies: "A time-out ends everything that a step has started, also what ignores TERM or has left its group.",
    how: "lets a step with stubborn children run into its limit, and looks for its processes",
    advice: "See which processes are named in the evidence; they would go on after a time-out of your own steps.",
    expectedMs: 1_500,
    live: async (context) => await (await import("./ib6.ts")).endOnTimeout(context),
  },
  {
    id: "IB7",
    title: "Ctrl-C cancels a run",
    verifies: "A cancel ends what works, begins nothing that waits, and is shown as what it was.",
    how: "interrupts a sweep of which one repository works and two wait for their turn",
    advice: "See which processes are named in the evidence; they would go on after a cancel of your own runs.",
    expectedMs: 1_000,
    live: async (context) => await (await import("./ib7.ts")).cancelSweep(context),
  },
  {
    id: "IB8",
    title: "a run is not begun twice for one idempotency key",
    verifies: "Whoever asks again with the same key, even at the same moment, gets the run that there is.",
    how: "lets three processes at once and one later ask for a run with the same key, and counts outside what was done",
    advice: "Report it with the evidence: a job of CI that is tried again may do its work twice.",
    expectedMs: 1_500,
    live: async (context) => await (await import("./ib8.ts")).resubmit(context),
  },
]);

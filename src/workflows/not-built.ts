import type { NotBuilt } from "../lib/yaml-file.ts";

const later = "Leave it out for now; the changelog says when it arrives.";

const stepKeys: NotBuilt = {
  undo: "Write what must be undone as steps under `finally`.",
  matrix: "Write one step for each value.",
  approval: "Split the workflow in two and run the second once someone has looked.",
  cache: later,
};

/** Sentences for keys of the format that are planned and refused until they exist. */
export const notBuiltKeys: NotBuilt = {
  concurrency: "The number of runs at once is limited by limits.maxConcurrentWorkflows of mahavishnu.yaml.",
  env: "Give each job its own `env`.",
  secrets:
    "Secrets are declared under `secrets` of mahavishnu.yaml and named as ${{ secrets.NAME }} in a step's `env` or `with`.",
  "on.schedule": "Start the run from cron or from CI: `mahavishnu run NAME`.",
  "on.webhook": later,
  "on.event": later,
  "on.run": later,
  ...under("jobs.*", {
    approval: "Split the workflow in two and run the second once someone has looked.",
    matrix: "Write one job for each value, or sweep over repositories.",
    strategy: "Write one job for each value, or sweep over repositories.",
    concurrency: "The targets of a job are limited by its sweep's `maxParallel`.",
    services: "Start what the job needs in a step.",
    container: "Start the container in a step: run: docker run …",
    undo: "Write what must be undone as steps under `finally`.",
    secrets: 'Name the secret in the step that needs it: env: { TOKEN: "${{ secrets.NAME }}" }',
    cache: later,
    "sweep.canary": "Run a few repositories first with `--select`, then all of them.",
    "sweep.from": "Write the selector again with `select`; `if: needs.JOB.result == 'success'` skips the others.",
    "sweep.where": "Use the job's `if`: if: needs.JOB.outputs.changed == 'true'",
    "sweep.rate": "Limit the targets at once with `maxParallel`.",
  }),
  ...under("jobs.*.steps.*", stepKeys),
  ...under("finally.*", stepKeys),
};

function under(prefix: string, sentences: NotBuilt): NotBuilt {
  return Object.fromEntries(Object.entries(sentences).map(([key, sentence]) => [`${prefix}.${key}`, sentence]));
}

/** What stands after the colon of a term about runs. */
export type RunTermValue = "state" | "glob" | "id" | "text" | "created" | "moment";

/** One kind of term that picks runs. */
export interface RunTermDefinition {
  readonly value: RunTermValue;
  /** What the term picks, to go after "runs". */
  readonly picks: string;
  readonly example: string;
}

/** States that `state:` knows: those of a run as lists show it. */
export const runStates = [
  "queued",
  "running",
  "paused",
  "cancelling",
  "interrupted",
  "succeeded",
  "partial",
  "failed",
  "cancelled",
] as const;

/** Longer values are refused: nothing that a term is compared with is longer, reasons apart. */
export const maxRunValue = 200;

/** Every term that picks runs. The reference page is made from this table. */
export const runTerms = {
  state: { value: "state", picks: "in this state", example: "state:failed" },
  workflow: { value: "glob", picks: "of a workflow whose name matches", example: "workflow:raise-*" },
  actor: { value: "glob", picks: "that somebody started whose name matches", example: "actor:user:dana" },
  id: { value: "id", picks: "whose id begins so", example: "id:k3v9" },
  repo: { value: "glob", picks: "over a repository whose name matches", example: "repo:auth-*" },
  job: { value: "glob", picks: "with a job whose name matches", example: "job:test" },
  reason: {
    value: "text",
    picks: "whose recorded reason holds this text; case counts",
    example: 'reason:"every target"',
  },
  created: { value: "created", picks: "recorded on this day, or before or after one", example: "created:>2026-11-01" },
  since: { value: "moment", picks: "recorded at this moment or later", example: "since:2h" },
  until: { value: "moment", picks: "recorded before this moment", example: "until:2026-11-01" },
} as const satisfies Record<string, RunTermDefinition>;

/** The name of a term that picks runs. */
export type RunTermName = keyof typeof runTerms;

/** The names of all terms that pick runs. */
export const runTermNames: readonly RunTermName[] = Object.keys(runTerms) as RunTermName[];

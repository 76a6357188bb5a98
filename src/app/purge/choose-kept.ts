/** How a run can have ended. */
export const endStates = ["succeeded", "partial", "failed", "cancelled"] as const;
export type EndState = (typeof endStates)[number];

/** How much of something is kept. */
export interface Kept {
  /** Milliseconds: what ended longer ago goes. */
  readonly age: number;
  /** Of more than this, the oldest go. */
  readonly count: number;
}

/** Something that ended at some time. */
export interface Aged {
  /** Milliseconds since 1970. */
  readonly endedAt: number;
  /** Tells apart what ended at the same time: the greater one counts as newer. */
  readonly position: number;
}

/**
 * What goes, the oldest first: what is older than the age, and what is not among the newest `count`. What ended after `at` stays, and does
 * not count.
 *
 * @example
 * chooseGone([{ endedAt: 10, position: 1 }, { endedAt: 20, position: 2 }], { age: 100, count: 1 }, 50); // the first one
 */
export function chooseGone<Item extends Aged>(items: readonly Item[], { age, count }: Kept, at: number): Item[] {
  const ended = items.filter(({ endedAt }) => endedAt < at);
  ended.sort((a, b) => a.endedAt - b.endedAt || a.position - b.position);
  const beyond = Math.max(0, ended.length - count);
  return ended.filter(({ endedAt }, index) => index < beyond || at - endedAt > age);
}

/** Which runs go, the oldest of all states first; states without a rule stay. */
export function chooseRuns<Run extends Aged & { readonly state: string }>(
  runs: readonly Run[],
  rules: Readonly<Partial<Record<EndState, Kept>>>,
  at: number,
): Run[] {
  return endStates
    .flatMap((state) => {
      const rule = rules[state];
      return rule === undefined
        ? []
        : chooseGone(
            runs.filter((run) => run.state === state),
            rule,
            at,
          );
    })
    .toSorted((a, b) => a.endedAt - b.endedAt || a.position - b.position);
}

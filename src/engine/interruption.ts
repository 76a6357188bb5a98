/** Why running work is ended from outside. */
export type InterruptionKind =
  /** The target's or the run's time is up. */
  | "timeout"
  /** Somebody cancelled the run. */
  | "cancel"
  /** This process goes away and leaves the run to another. */
  | "release"
  /** Another process has taken the run over, or the journal cannot be written. */
  | "lost";

/** The reason with which the engine ends work. */
export class Interruption extends Error {
  override readonly name = "Interruption";
  readonly kind: InterruptionKind;
  readonly actor: string;

  constructor(kind: InterruptionKind, reason: string, actor = "engine", options?: ErrorOptions) {
    super(reason, options);
    this.kind = kind;
    this.actor = actor;
  }

  /** Whether this process leaves the work to another and decides nothing about it any more. */
  get leaves(): boolean {
    return this.kind === "release" || this.kind === "lost";
  }
}

const weights: Readonly<Record<InterruptionKind, number>> = { timeout: 1, cancel: 2, release: 3, lost: 4 };

/** Whether a reason takes the place of an earlier one: a process that goes away does not wait for what a cancel would. */
export function isStronger(why: Interruption, than: Interruption | null): boolean {
  return than === null || weights[why.kind] > weights[than.kind];
}

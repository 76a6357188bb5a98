/** Why running work is ended from outside. */
export type InterruptionKind =
  /** Somebody cancelled the run. */
  | "cancel"
  /** The target's or the run's time is up. */
  | "timeout"
  /** This process goes away and leaves the run to another. */
  | "release"
  /** Another process has taken the run over, or the journal cannot be written. */
  | "lost";

/** The reason with which the engine aborts its signals. */
export class Interruption extends Error {
  override readonly name = "Interruption";
  readonly kind: InterruptionKind;
  readonly actor: string;

  constructor(kind: InterruptionKind, reason: string, actor = "engine", options?: ErrorOptions) {
    super(reason, options);
    this.kind = kind;
    this.actor = actor;
  }

  /** Whether the run's history may still be written by this process. */
  get ownsRun(): boolean {
    return this.kind !== "lost";
  }
}

/** The interruption behind an aborted signal, or null while it is not aborted. */
export function interruptionOf(signal: AbortSignal): Interruption | null {
  if (!signal.aborted) return null;
  return signal.reason instanceof Interruption ? signal.reason : new Interruption("cancel", String(signal.reason));
}

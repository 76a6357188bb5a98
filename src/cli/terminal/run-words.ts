import type { StepState, TargetState } from "../../engine/state.ts";
import { formatDuration } from "../../lib/duration.ts";
import { cleanOutputLine } from "./escape-control.ts";
import { type Line, span } from "./line.ts";
import type { Meaning } from "./palette.ts";

/** A state in the words of the terminal, with what it means. */
interface Word {
  readonly word: string;
  readonly meaning: Meaning;
}

const words: Readonly<Record<string, Word>> = {
  queued: { word: "waiting", meaning: "faint" },
  pending: { word: "-", meaning: "faint" },
  running: { word: "running", meaning: "active" },
  // A step that failed and is tried again.
  waiting: { word: "failed", meaning: "warning" },
  paused: { word: "paused", meaning: "warning" },
  cancelling: { word: "cancelling", meaning: "warning" },
  succeeded: { word: "ok", meaning: "good" },
  partial: { word: "partial", meaning: "warning" },
  failed: { word: "failed", meaning: "bad" },
  cancelled: { word: "cancelled", meaning: "warning" },
  skipped: { word: "skipped", meaning: "faint" },
  interrupted: { word: "interrupted", meaning: "warning" },
};

/** How a state is called and coloured. */
export function wordOf(state: string): Word {
  return words[state] ?? { word: state, meaning: "strong" };
}

/** The meaning of a run's, target's or step's state. */
export function meaningOf(state: string): Meaning {
  return wordOf(state).meaning;
}

/** Milliseconds that the last attempt of a step took, or has taken so far; null when there was none. */
export function stepTook(step: StepState, now: number): number | null {
  const last = step.attempts.at(-1);
  return last === undefined ? null : Math.max(0, (last.endedAt ?? now) - last.startedAt);
}

/** A step's state and time as a cell: `ok 12.1s`, `.. 4s`, `failed (exit 1)`, `-`. Times below a second say nothing. */
export function stepCell(step: StepState, now: number, withReason: boolean): Line {
  const took = stepTook(step, now);
  if (step.state === "running") return [span("active", `.. ${formatSeconds(took ?? 0)}`)];
  const { word, meaning } = wordOf(step.state);
  const time = took !== null && took >= 1_000 ? ` ${formatDuration(took)}` : "";
  const reason =
    withReason && (step.state === "failed" || step.state === "waiting") && step.reason !== null
      ? ` (${step.reason})`
      : "";
  const made = step.attempts.length - step.earlierAttempts;
  const tries = made > 1 ? ` x${made}` : "";
  return [span(meaning, word), `${time}${reason}`, ...(tries === "" ? [] : [span("faint", tries)])];
}

/** A step with its name, which the only step of a job does without: `test ok 12.1s`. */
export function namedStepCell(target: TargetState, step: StepState, now: number): Line {
  const cell = stepCell(step, now, true);
  return target.steps.length === 1 ? cell : [`${step.id} `, ...cell];
}

/** What a step printed last; empty when it printed nothing. */
export function lastLineOf(step: StepState | undefined): string {
  return cleanOutputLine(step?.attempts.at(-1)?.lastLine ?? "");
}

/** What the only step of a target printed last: of an ad hoc command that is the answer. Empty for longer jobs. */
export function answerOf(target: TargetState): string {
  return target.steps.length === 1 ? lastLineOf(target.steps[0]) : "";
}

/** What a target is called: its repository, else its job. */
export function labelOf(target: Pick<TargetState, "repository" | "key">): string {
  return target.repository ?? target.key;
}

/** A time that still runs, without jitter: `4s`, `1m 12s`. */
export function formatSeconds(ms: number): string {
  return ms < 60_000 ? `${Math.floor(ms / 1_000)}s` : formatDuration(ms);
}

/** A clock: `00:41`, `1:02:03`. */
export function formatClock(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  const two = (value: number): string => String(value).padStart(2, "0");
  const hours = Math.floor(seconds / 3_600);
  const rest = `${two(Math.floor((seconds % 3_600) / 60))}:${two(seconds % 60)}`;
  return hours > 0 ? `${hours}:${rest}` : rest;
}

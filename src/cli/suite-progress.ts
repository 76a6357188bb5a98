import { formatDuration } from "../lib/duration.ts";
import type { SuiteEvent } from "../readiness/run-stages.ts";
import type { CommandIo } from "./command-io.ts";
import { type Line, renderLine, span } from "./terminal/line.ts";
import { LiveBlock } from "./terminal/live-block.ts";
import type { Look } from "./terminal/look.ts";

/** Shows on the standard error how a suite goes; the report itself is the answer, and comes after it. */
export interface SuiteProgress extends Disposable {
  readonly onEvent: (event: SuiteEvent) => void;
}

const stageTitles = { check: "checks", test: "integration tests", benchmark: "benchmarks" } as const;

/** Questions under way that are listed; of more, the number is given. */
const listed = 6;

/** On a terminal a block that is drawn in place; elsewhere only whom it waits for. Nothing with `-q`. */
export function createSuiteProgress({ stderr }: Pick<CommandIo, "stderr">, quiet: boolean): SuiteProgress {
  if (quiet) return { onEvent: () => undefined, [Symbol.dispose]: () => undefined };
  if (stderr.isTTY) return liveProgress(stderr);
  return {
    onEvent: (event) => {
      if (event.type === "waiting") stderr.write(`${renderLine(waitLine(event.holder), stderr)}\n`);
    },
    [Symbol.dispose]: () => undefined,
  };
}

/** What is known of a suite while it runs. */
export interface ProgressState {
  readonly stage: keyof typeof stageTitles;
  /** Questions of this stage; each of their targets has an answer of its own. */
  readonly asked: number;
  readonly ended: Set<string>;
  failed: number;
  /** Since when, in milliseconds of a monotonic clock, by what is shown of it. */
  readonly running: Map<string, number>;
  readonly startedAt: number;
}

function liveProgress(stream: CommandIo["stderr"]): SuiteProgress {
  const block = new LiveBlock(stream);
  let state: ProgressState | undefined;
  return {
    onEvent: (event) => {
      if (event.type === "waiting") {
        block.print([renderLine(waitLine(event.holder), stream)]);
        return;
      }
      state = advance(state, event, performance.now());
      const shown = state;
      block.draw(() => (shown === undefined ? [] : renderProgress(shown, performance.now(), stream)));
    },
    [Symbol.dispose]: () => {
      block.end();
    },
  };
}

/** What is known after an event; a stage begins anew. */
export function advance(
  state: ProgressState | undefined,
  event: Exclude<SuiteEvent, { type: "waiting" }>,
  now: number,
): ProgressState | undefined {
  switch (event.type) {
    case "stage":
      return {
        stage: event.stage,
        asked: event.checks,
        ended: new Set(),
        failed: 0,
        running: new Map(),
        startedAt: now,
      };
    case "begin":
      state?.running.set(nameOf(event.id, event.target), now);
      return state;
    case "end":
      state?.running.delete(nameOf(event.result.id, event.result.target));
      state?.ended.add(event.result.id);
      if (state !== undefined && ["fail", "error", "timeout"].includes(event.result.status)) state.failed += 1;
      return state;
  }
}

/** A stage in some lines: how far it is, and what takes its time. */
export function renderProgress(state: ProgressState, now: number, look: Look): string[] {
  const failed = state.failed === 0 ? [] : ["   ", span("bad", `${state.failed} failed`)];
  const age = formatDuration(Math.max(0, now - state.startedAt));
  const head: Line = [
    span("strong", stageTitles[state.stage]),
    `  ${state.ended.size} of ${state.asked}`,
    ...failed,
    "   ",
    span("faint", age),
  ];
  const oldest = [...state.running].toSorted(([, a], [, b]) => a - b);
  const rows = oldest
    .slice(0, listed)
    .map(([name, since]): Line => [
      "  ",
      span("active", name),
      "  ",
      span("faint", formatDuration(Math.max(0, now - since))),
    ]);
  const more = oldest.length - listed;
  const rest: Line[] = more > 0 ? [["  ", span("faint", `and ${more} more`)]] : [];
  return [head, ...rows, ...rest].map((line) => renderLine(line, look));
}

function waitLine(holder: string): Line {
  return [`waits for another suite on this workspace (${holder})`];
}

function nameOf(id: string, target: { readonly name: string } | null): string {
  return target === null ? id : `${id} ${target.name}`;
}

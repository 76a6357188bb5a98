import type { RunView } from "../app/run-view.ts";
import type { RunEvent } from "../engine/events.ts";
import type { RunState } from "../engine/state.ts";
import { type CommandIo, writeJson, writeLines, writeNdjson } from "./command-io.ts";
import type { OutputChoice } from "./output-request.ts";
import { type Where, whereWords } from "./where-words.ts";
import { LiveBlock } from "./terminal/live-block.ts";
import { renderRunSummary } from "./terminal/run-summary.ts";
import { labelWidthOf, renderEndedTarget, renderRunBlock, renderRunHead } from "./terminal/run-view.ts";

/** Shows runs while they go on, in the form that was asked for. */
export interface RunDisplay {
  /** Called with durable events. */
  update(state: RunState, events: readonly RunEvent[]): void;
  /** Called once for each run, at its end. */
  finish(state: RunState, view: RunView): void;
  /** Writes the JSON document, where one was asked for. */
  closeJson(): void;
  close(): void;
}

/** Makes the display that fits the output and the terminal. */
export function createRunDisplay(
  io: CommandIo,
  options: OutputChoice & Where & { readonly quiet: boolean },
): RunDisplay {
  if (options.format === "json") return jsonDisplay(io);
  if (options.format === "ndjson") return ndjsonDisplay(io);
  const summarize: Summarize = (state, view) => {
    const where = whereWords(options, io.cwd);
    return renderRunSummary(state, { now: Date.now(), shortId: view.shortId, where, shown: view }, io.stdout);
  };
  if (options.quiet) return quietDisplay(io, summarize);
  return io.stdout.isTTY ? liveDisplay(io, summarize) : plainDisplay(io, summarize);
}

type Summarize = (state: RunState, view: RunView) => string[];

/** One document at the end: the run, or a list when there are several. */
function jsonDisplay(io: CommandIo): RunDisplay {
  const views: RunView[] = [];
  return {
    update: () => undefined,
    finish: (_state, view) => void views.push(view),
    closeJson: () => {
      const [only] = views;
      writeJson(io.stdout, only !== undefined && views.length === 1 ? only : { items: views, nextCursor: null });
    },
    close: () => undefined,
  };
}

/** Each event as it becomes durable, and each run at its end as `{"type":"run","run":{…}}`. */
function ndjsonDisplay(io: CommandIo): RunDisplay {
  return {
    update: (state, events) => {
      const lines = events.map(({ type, time, actor, reason, data }) => ({
        type,
        runId: state.id,
        time: new Date(time).toISOString(),
        actor,
        reason,
        data,
      }));
      writeNdjson(io.stdout, lines);
    },
    finish: (_state, view) => writeNdjson(io.stdout, [{ type: "run", run: view }]),
    closeJson: () => undefined,
    close: () => undefined,
  };
}

/** On a terminal: a block that is drawn in place, and its runs' summaries where it stood. */
function liveDisplay(io: CommandIo, summarize: Summarize): RunDisplay {
  const block = new LiveBlock(io.stdout);
  const runs = new Map<string, RunState>();
  const draw = (): void => {
    if (runs.size === 0) return;
    block.draw(() => {
      const height = Math.floor(io.stdout.height / runs.size);
      return [...runs.values()].flatMap((state) => renderRunBlock(state, { now: Date.now(), height }, io.stdout));
    });
  };
  return {
    update: (state) => {
      runs.set(state.id, state);
      draw();
    },
    finish: (state, view) => {
      runs.delete(state.id);
      block.end([renderRunHead(state, io.stdout), "", ...summarize(state, view)]);
      draw();
    },
    closeJson: () => undefined,
    close: () => block[Symbol.dispose](),
  };
}

/** Without a terminal: one line for each target at its end, then the summary. */
function plainDisplay(io: CommandIo, summarize: Summarize): RunDisplay {
  const labelWidths = new Map<string, number>();
  /** Runs with lines of targets: a blank line stands between these and the summary. */
  const told = new Set<string>();
  return {
    update: (state, events) => {
      let labelWidth = labelWidths.get(state.id);
      if (labelWidth === undefined) {
        labelWidth = labelWidthOf(state.plan);
        labelWidths.set(state.id, labelWidth);
        writeLines(io.stdout, [renderRunHead(state, io.stdout), ""]);
      }
      for (const event of events) {
        if (event.type !== "target.finished" && event.type !== "target.skipped") continue;
        const target = state.targets.get(event.data.target);
        if (target === undefined) continue;
        told.add(state.id);
        writeLines(io.stdout, [renderEndedTarget(state, target, labelWidth, io.stdout)]);
      }
    },
    finish: (state, view) => writeLines(io.stdout, [...(told.has(state.id) ? [""] : []), ...summarize(state, view)]),
    closeJson: () => undefined,
    close: () => undefined,
  };
}

/** With `-q`: the end alone. */
function quietDisplay(io: CommandIo, summarize: Summarize): RunDisplay {
  return {
    update: () => undefined,
    finish: (state, view) => writeLines(io.stdout, summarize(state, view)),
    closeJson: () => undefined,
    close: () => undefined,
  };
}

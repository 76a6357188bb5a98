import type { RunView } from "../app/run-view.ts";
import type { RunEvent } from "../engine/events.ts";
import type { RunState } from "../engine/state.ts";
import { type CommandIo, writeJson, writeLines, writeNdjson } from "./command-io.ts";
import type { OutputChoice } from "./output-request.ts";

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
export function createRunDisplay(io: CommandIo, options: OutputChoice & { readonly quiet: boolean }): RunDisplay {
  if (options.format === "json") return jsonDisplay(io);
  if (options.format === "ndjson") return ndjsonDisplay(io);
  return plainDisplay(io);
}

/** One document at the end: the run, or a list when there are several. */
function jsonDisplay(io: CommandIo): RunDisplay {
  const views: RunView[] = [];
  return {
    update: () => undefined,
    finish: (_state, view) => void views.push(view),
    closeJson: () => {
      const [only] = views;
      writeJson(io.stdout, views.length === 1 ? only : { items: views, nextCursor: null });
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

function plainDisplay(io: CommandIo): RunDisplay {
  return {
    update: (state, events) => {
      for (const event of events) {
        if (event.type !== "target.finished" && event.type !== "target.skipped") continue;
        const target = state.targets.get(event.data.target);
        if (target !== undefined)
          writeLines(io.stdout, [`${target.repository ?? target.key}  ${target.state}  ${target.cause.reason}`]);
      }
    },
    finish: (state, view) => writeLines(io.stdout, [`${view.workflow}  ${state.id}  ${view.state}: ${view.reason}`]),
    closeJson: () => undefined,
    close: () => undefined,
  };
}

import type { Act, MoreOfCall } from "./act-in-scratch.ts";
import type { CliResult } from "./call-cli.ts";
import { EventLine, RunDocument } from "./run-document.ts";
import type { ScratchWorkspace } from "./scratch-workspace.ts";
import { expectMet, Unmet } from "./unmet.ts";
import { waitUntil } from "./wait-until.ts";

/** A command that follows one run, with everything that it has told so far. */
export interface FollowedRun {
  readonly pid: number;
  /** Events in the order in which they were told. */
  readonly events: readonly EventLine[];
  /** The id of the run, once it is told. */
  id(): Promise<string>;
  /** Resolves with the first event that fits. @throws Unmet when the command ends without one, or too much time passes. */
  event(what: string, fits: (event: EventLine) => boolean): Promise<EventLine>;
  /** The run at its end, as the last line tells it. @throws Unmet when no such line comes within the time, by default 30 s. */
  end(withinMs?: number): Promise<{ readonly run: RunDocument; readonly result: CliResult }>;
  /** How the command ended. */
  readonly result: Promise<CliResult>;
  kill(signal: NodeJS.Signals): void;
}

/** Starts a command that follows a run (`run`, `runs watch`, `runs resume`) and reads what it tells. */
export async function followRun(
  act: Act,
  workspace: ScratchWorkspace,
  args: readonly string[],
  more: Omit<MoreOfCall, "onLine"> = {},
): Promise<FollowedRun> {
  const events: EventLine[] = [];
  const strange: string[] = [];
  let run: RunDocument | undefined;
  let over = false;
  const onLine = (line: string): void => {
    const value = tryParse(line);
    const event = EventLine.safeParse(value);
    const last = RunDocument.safeParse((value as { run?: unknown } | undefined)?.run);
    if (event.success) events.push(event.data);
    else if (last.success) run = last.data;
    else strange.push(line.slice(0, 200));
  };
  const started = await act.start(workspace, [...args, "-o", "ndjson"], { ...more, onLine });
  const result = started.ended.finally(() => {
    over = true;
  });
  // Whoever asks for the end sees the failure; nobody asking must not end the suite.
  result.catch(() => undefined);
  const event = async (what: string, fits: (event: EventLine) => boolean): Promise<EventLine> => {
    await waitUntil(() => over || events.some(fits), { signal: act.signal, what });
    const found = events.find(fits);
    if (found !== undefined) return found;
    const { exitCode, stderr } = await result;
    throw new Unmet(`the command ended before ${what}`, { observed: `exit ${exitCode}: ${stderr.slice(0, 300)}` });
  };
  return {
    pid: started.pid,
    events,
    event,
    result,
    kill: started.kill,
    id: async () => (await event("the run is recorded", () => true)).runId,
    end: async (withinMs = 30_000) => {
      await waitUntil(() => over, { signal: act.signal, timeoutMs: withinMs, what: "the run to end" });
      const ended = await result;
      expectMet(strange.length === 0, "a line of the output is neither an event nor a run", {
        observed: strange[0] ?? "",
      });
      if (run === undefined) {
        throw new Unmet("the command ended without telling how the run stands", {
          observed: `exit ${ended.exitCode}: ${(ended.stderr || ended.stdout).slice(0, 300)}`,
        });
      }
      return { run, result: ended };
    },
  };
}

function tryParse(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return undefined;
  }
}

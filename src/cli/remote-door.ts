import { callServer, followServer, type OperationId } from "../client/call-server.ts";
import { type Connection, parseServerUrl, parseToken } from "../client/connection.ts";
import { calls, type Inputs } from "../client/generated/api.ts";
import { parseTraceparent } from "../lib/trace-context.ts";
import type { UseCase } from "../app/use-case.ts";
import type { CommandIo } from "./command-io.ts";
import type { Door } from "./door.ts";
import { localOnly } from "./declare-global-options.ts";

/** Use-cases whose output holds a handle of a run in this process; at a server there is none. */
const begins: ReadonlySet<string> = new Set(["startRun", "execCommand", "cancelRun", "resumeRun", "retryRun"]);

/**
 * The door of a server: each use-case is asked over HTTP under its own name.
 *
 * @param signal Aborted when nothing is to be asked any more: by Ctrl-C when left out.
 * @throws MahavishnuError USAGE when the address or the token is none.
 */
export function openRemoteDoor(address: string, io: CommandIo, signal: AbortSignal = io.interrupts.signal): Door {
  const traceparent = io.env["TRACEPARENT"] ?? "";
  const connection: Connection = {
    url: parseServerUrl(address),
    token: parseToken(io.env["MAHAVISHNU_TOKEN"] ?? ""),
    // What is none is treated as if it were not there, here as at a server.
    ...(parseTraceparent(traceparent) === null ? {} : { traceparent }),
    signal: AbortSignal.any([signal, io.stdout.closed]),
  };
  return {
    local: null,
    perform: async <Input, Output>({ name }: UseCase<Input, Output>, input: Input): Promise<Output> => {
      if (!isOperation(name)) throw localOnly();
      // The server's answers have the types of the use-cases' outputs: a test compares them.
      const asked = input as Inputs[typeof name];
      if (calls[name].isStream) return mapStream(name, followServer(connection, name, asked)) as Output;
      const answer = await callServer(connection, name, asked);
      return (begins.has(name) ? { ...(answer as object), handle: null } : answer) as Output;
    },
    [Symbol.asyncDispose]: async () => await Promise.resolve(),
  };
}

function isOperation(name: string): name is OperationId {
  return Object.hasOwn(calls, name);
}

/** Events of a stream as the use-case gives them. */
async function* mapStream(
  name: OperationId,
  events: AsyncIterable<{ readonly event: string; readonly id: string; readonly data: unknown }>,
): AsyncGenerator {
  for await (const { event, id, data } of events) {
    if (name === "followRun") yield event === "run" ? { type: "run", run: data } : { type: "event", event: data };
    else if (name === "followSuite")
      yield event === "suite" ? { type: "suite", suite: data } : { type: "event", seq: Number(id), event: data };
    else yield data;
  }
}

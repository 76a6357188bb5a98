/** For tests: a process with an engine that does what it is told; see `startEngineProcess`. */
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { silentLog } from "../lib/log.ts";
import { openStore } from "../store/open-store.ts";
import { openTraces } from "../telemetry/traces/open-traces.ts";
import type { Action } from "./contract.ts";
import { createEngine, type RunHandle } from "./engine.ts";
import type { EngineLimits } from "./engine-parts.ts";
import type { StartRequest } from "./record-run.ts";

interface Setup {
  readonly folder: string;
  readonly limits: EngineLimits;
  /** Where spans go; without it there are none. */
  readonly otlp?: string;
}

interface Call {
  readonly call: number;
  readonly method: string;
  readonly args: readonly unknown[];
}

const { folder, limits, otlp } = JSON.parse(process.argv[2] ?? "{}") as Setup;

/** Starts a process that carries no mark, tells of it, and never ends. */
const leave: Action = {
  name: "test/leave",
  description: "",
  inputSchema: {},
  needsRepository: false,
  run: async (_, { started }) => {
    const { pid = 0 } = spawn("sleep", ["300"], { env: {}, detached: true, stdio: "ignore" });
    started(pid);
    writeFileSync(`${folder}/left`, String(pid));
    return await new Promise(() => undefined);
  },
};

const store = openStore({ file: `${folder}/.mahavishnu/state.db` });
const traces = otlp === undefined ? null : openTraces({ endpoint: otlp, ratio: 1, log: silentLog });
const engine = createEngine({
  store,
  ...(traces === null ? {} : { observe: traces.observe }),
  actions: new Map([[leave.name, leave]]),
  limits,
  secrets: new Map(),
  baseEnv: { PATH: process.env["PATH"] ?? "", TMPDIR: process.env["TMPDIR"] ?? "" },
  runsFolder: `${folder}/.mahavishnu/runs`,
  worktreesFolder: `${folder}/.mahavishnu/worktrees`,
  allowedRoots: async () => [folder],
});
const handles = new Map<string, RunHandle>();

function keep(handle: RunHandle | null): string | null {
  if (handle === null) return null;
  handles.set(handle.runId, handle);
  return handle.runId;
}

const methods: Readonly<Record<string, (...args: never[]) => Promise<unknown>>> = {
  ready: async () => process.pid,
  start: async (request: StartRequest) => keep((await engine.start(request)).handle),
  resume: async (runId: string) => keep(await engine.resume(runId)),
  /** The state at the end of a run; the code of the error where it ends with one. */
  done: async (runId: string) => {
    try {
      return (await handles.get(runId)?.done)?.state;
    } catch (error) {
      return (error as { code?: string }).code ?? String(error);
    }
  },
  release: () => engine.release(),
};

process.on("message", (message) => {
  const { call, method, args } = message as Call;
  (methods[method]?.(...(args as never[])) ?? Promise.reject(new Error(`no method ${method}`))).then(
    (value) => process.send?.({ call, value }),
    (error: unknown) => process.send?.({ call, error: String(error) }),
  );
});
// Nobody is left to tell it anything.
process.on("disconnect", () => process.kill(process.pid, "SIGKILL"));

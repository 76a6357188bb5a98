/** For tests: a process with an engine that does what it is told; see `startEngineProcess`. */
import { openStore } from "../store/open-store.ts";
import { createEngine, type RunHandle, type StartRequest } from "./engine.ts";
import type { EngineLimits } from "./engine-parts.ts";

interface Setup {
  readonly folder: string;
  readonly limits: EngineLimits;
}

interface Call {
  readonly call: number;
  readonly method: string;
  readonly args: readonly unknown[];
}

const { folder, limits } = JSON.parse(process.argv[2] ?? "{}") as Setup;
const store = openStore({ file: `${folder}/.mahavishnu/state.db` });
const engine = createEngine({
  store,
  actions: new Map(),
  limits,
  secrets: new Map(),
  baseEnv: { PATH: process.env["PATH"] ?? "", TMPDIR: process.env["TMPDIR"] ?? "" },
  runsFolder: `${folder}/.mahavishnu/runs`,
  worktreesFolder: `${folder}/.mahavishnu/worktrees`,
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

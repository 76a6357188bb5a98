import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { testLimits, type Workspace } from "./engine-fixture.ts";
import type { EngineLimits } from "./engine-parts.ts";
import type { Plan } from "./plan.ts";
import type { StartRequest } from "./record-run.ts";

/** For tests: a second process with an engine on the same workspace. */
export interface EngineProcess extends AsyncDisposable {
  readonly pid: number;
  start(plan: Plan): Promise<string>;
  resume(runId: string): Promise<string>;
  /** The state in which a run ends there, or the code of the error with which it does. */
  done(runId: string): Promise<string>;
  release(): Promise<readonly string[]>;
  signal(signal: NodeJS.Signals): void;
  /** Kills it and waits until it is gone. */
  kill(): Promise<void>;
}

interface Reply {
  readonly call: number;
  readonly value?: unknown;
  readonly error?: string;
}

/** Starts the process and waits until its engine stands. */
export async function startEngineProcess(
  workspace: Workspace,
  limits: Partial<EngineLimits> = {},
  otlp?: string,
): Promise<EngineProcess> {
  const setup = JSON.stringify({ folder: workspace.folder, limits: { ...testLimits, ...limits }, otlp });
  const child = fork(join(import.meta.dirname, "engine-process.ts"), [setup], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const exit = once(child, "exit");
  const pending = new Map<number, PromiseWithResolvers<unknown>>();
  child.on("message", (message) => {
    const { call, value, error } = message as Reply;
    if (error === undefined) pending.get(call)?.resolve(value);
    else pending.get(call)?.reject(new Error(error));
    pending.delete(call);
  });
  let calls = 0;
  const ask = async (method: string, ...args: readonly unknown[]): Promise<unknown> => {
    calls += 1;
    const waiting = Promise.withResolvers<unknown>();
    pending.set(calls, waiting);
    child.send({ call: calls, method, args });
    return await waiting.promise;
  };
  const kill = async (): Promise<void> => {
    child.kill("SIGKILL");
    if (child.exitCode === null && child.signalCode === null) await exit;
  };
  const pid = (await ask("ready")) as number;
  return {
    pid,
    start: async (plan) => {
      const request: StartRequest = { plan, actor: "local:test", reason: "a test" };
      return (await ask("start", request)) as string;
    },
    resume: async (runId) => (await ask("resume", runId)) as string,
    done: async (runId) => (await ask("done", runId)) as string,
    release: async () => (await ask("release")) as readonly string[],
    signal: (signal) => child.kill(signal),
    kill,
    [Symbol.asyncDispose]: kill,
  };
}

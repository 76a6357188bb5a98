import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { testLimits, type Workspace } from "../engine/engine-fixture.ts";
import type { EngineLimits } from "../engine/engine-parts.ts";
import type { Plan } from "../engine/plan.ts";

/** For tests: what `dispatcher-process.ts` is told. */
export interface ProcessSetup {
  readonly limits?: Partial<EngineLimits>;
  /** How long it drains when it is told to go; 0 when left out. */
  readonly drainMs?: number;
  /** Record this run and die. */
  readonly plan?: Plan;
}

/** For tests: a process that dispatches the runs of a workspace. */
export interface DispatcherProcess extends AsyncDisposable {
  readonly pid: number;
  /** Tells it to go, and resolves with its exit code. */
  stop(): Promise<number | null>;
  signal(signal: NodeJS.Signals): void;
  /** Kills it and waits until it is gone. */
  kill(): Promise<void>;
}

/** Starts the process and waits until it dispatches, or has died. */
export async function startDispatcherProcess(
  workspace: Workspace,
  { limits = {}, drainMs = 0, plan }: ProcessSetup = {},
): Promise<DispatcherProcess> {
  const setup = { folder: workspace.folder, limits: { ...testLimits, ...limits }, drainMs, plan };
  const child = fork(join(import.meta.dirname, "dispatcher-process.ts"), [JSON.stringify(setup)], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const exit = once(child, "exit");
  const kill = async (): Promise<void> => {
    child.kill("SIGKILL");
    if (child.exitCode === null && child.signalCode === null) await exit;
  };
  await Promise.race([once(child, "message"), exit]);
  return {
    pid: child.pid ?? 0,
    stop: async () => {
      child.kill("SIGTERM");
      const [code] = (await exit) as [number | null];
      return code;
    },
    signal: (signal) => child.kill(signal),
    kill,
    [Symbol.asyncDispose]: kill,
  };
}

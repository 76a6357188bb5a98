import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readdir, rm, rmdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { replay } from "../engine/reduce.ts";
import type { Engine } from "../engine/engine.ts";
import type { Plan } from "../engine/plan.ts";
import type { RunState } from "../engine/state.ts";
import { identifyProcess } from "../lib/process-identity.ts";
import type { Workflow } from "../workflows/types.ts";
import type { AppContext } from "./app-context.ts";
import { engineLimits } from "./engine-limits.ts";
import { stepBaseEnvironment } from "./step-base-environment.ts";

/** What a canary run has shown. */
export interface Canary {
  /** Milliseconds to make and open a store beside the workspace's own. */
  readonly storeMs: number;
  /** Milliseconds from the start of the run until its end was durable. */
  readonly runMs: number;
  /** What was sent into the run, new each time. */
  readonly nonce: string;
  /** What the run's history, read again from the disk, gives back. */
  readonly echo: string | null;
  /** How the run ended, in words. */
  readonly state: string;
  readonly reason: string;
}

const prefix = "canary-";

/**
 * Executes a run of one command in the embedded engine, with the limits of the workspace, and reads its history again. Its
 * store is its own, so that it never shows among the user's runs or takes a slot from them; it lies beside theirs, so that
 * the same disk is asked. Nothing is left behind; what a killed canary left is removed by the next.
 *
 * @throws whatever store or engine throw; the signal's reason when aborted.
 */
export async function runCanary(context: AppContext, signal: AbortSignal): Promise<Canary> {
  const parent = dirname(context.loaded.paths.stateFile);
  const made = await mkdir(parent, { recursive: true, mode: 0o700 });
  try {
    await sweepCanaries(parent);
    const folder = await mkdtemp(join(parent, `${prefix}${process.pid}-`));
    try {
      return await conductCanary(context, folder, signal);
    } finally {
      await rm(folder, { recursive: true, force: true, maxRetries: 3 });
    }
  } finally {
    // A workspace without state is left without.
    if (made !== undefined) await rmdir(parent).catch(() => undefined);
  }
}

async function conductCanary(context: AppContext, folder: string, signal: AbortSignal): Promise<Canary> {
  const [{ openStore }, { createEngine }] = await Promise.all([
    import("../store/open-store.ts"),
    import("../engine/engine.ts"),
  ]);
  const { config, secretVariables } = context.loaded;
  const file = join(folder, "state.db");
  const begin = performance.now();
  await using store = openStore({ file });
  const opened = performance.now();
  const nonce = randomBytes(8).toString("hex");
  const state = await (async () => {
    await using engine = createEngine({
      store,
      actions: new Map(),
      secrets: new Map(),
      limits: engineLimits(config),
      baseEnv: stepBaseEnvironment(context.env, { mode: config.steps.env, hidden: secretVariables }),
      runsFolder: join(folder, "runs"),
      worktreesFolder: join(folder, "worktrees"),
      allowedRoots: async () => [],
    });
    return await follow(engine, planCanary(nonce), signal);
  })();
  const ended = performance.now();
  // Through a connection of its own: what this one reads is what another process would.
  await using reader = openStore({ file });
  const read = replay(await reader.readEvents(state.id));
  const target = read.targets.get("canary");
  return {
    storeMs: opened - begin,
    runMs: ended - opened,
    nonce,
    echo: target?.steps[0]?.outputs["echo"] ?? null,
    state: read.state,
    reason: target?.cause.reason ?? read.cause.reason,
  };
}

async function follow(engine: Engine, plan: Plan, signal: AbortSignal): Promise<RunState> {
  signal.throwIfAborted();
  const { handle } = await engine.start({ plan, actor: "engine", reason: "canary" });
  if (handle === null) throw new Error("the engine says that it knows the canary already");
  const cancel = (): void => void handle.cancel({ actor: "engine", reason: "out of time", atOnce: true });
  signal.addEventListener("abort", cancel, { once: true });
  try {
    const state = await handle.done;
    signal.throwIfAborted();
    return state;
  } finally {
    signal.removeEventListener("abort", cancel);
  }
}

/** One command that gives back what it was given. */
function planCanary(nonce: string): Plan {
  const workflow: Workflow = {
    name: "canary",
    inputs: {},
    jobs: [
      {
        id: "canary",
        needs: [],
        checkout: "inPlace",
        env: { CANARY: nonce },
        steps: [
          {
            id: "echo",
            action: { kind: "run", command: `printf 'echo=%s\\n' "$CANARY" >> "$MAHAVISHNU_OUTPUT"`, shell: "sh" },
            env: {},
            continueOnError: false,
            outputs: {},
            secrets: [],
            retry: { attempts: 1 },
          },
        ],
        outputs: {},
        optional: false,
      },
    ],
    finally: [],
    revision: "canary",
  };
  const timeoutMs = 60_000;
  const target = { key: "canary", job: "canary", repository: null, after: [], timeoutMs };
  return { workflow, inputs: {}, repositories: {}, targets: [target], runTimeoutMs: timeoutMs };
}

/** Removes the folders of canaries whose process is gone. */
async function sweepCanaries(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const pid = Number(new RegExp(`^${prefix}(\\d+)-\\w{6}$`).exec(name)?.[1]);
    if (!Number.isSafeInteger(pid) || identifyProcess(pid) !== null) continue;
    await rm(join(parent, name), { recursive: true, force: true });
  }
}

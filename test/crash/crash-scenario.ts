import { spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkHistory } from "./check-history.ts";
import {
  makeJob,
  makePlanOf,
  makeStep,
  makeSweep,
  makeUse,
  makeWorkflow,
  pinRepository,
  planTarget,
} from "../../src/engine/plan-fixture.ts";
import type { Plan, PlannedWait } from "../../src/engine/plan.ts";
import { makeRepository } from "../support/git-fixture.ts";

/** Which repository needs which. */
const fleet = { lib: [], api: ["lib"], tool: [] } as const satisfies Readonly<Record<string, readonly string[]>>;
const names = Object.keys(fleet) as (keyof typeof fleet)[];

/** A shell function that counts an attempt in a file outside the state: its beginning and its last act. */
export function counting(folder: string, work: string): string {
  return `
    base=$(basename "$MAHAVISHNU_OUTPUT" .outputs)
    count() { echo "$1 $MAHAVISHNU_IDEMPOTENCY_KEY \${base##*.} $$" >> ${folder}/counter; }
    count begin
    ${work}`;
}

/** Two jobs in one worktree of each repository, with needs, a retry, an action and a `finally`. */
export function planCrash(folder: string, commit: string): Plan {
  const failsOnce = `if mkdir ${folder}/failed-$REPO_NAME 2>/dev/null; then count end; exit 1; fi; cat made; count end`;
  const edit = makeJob(
    "edit",
    [
      makeStep("make", counting(folder, 'echo "made=$REPO_NAME" | tee made >> "$MAHAVISHNU_OUTPUT"; count end')),
      makeStep("flaky", counting(folder, failsOnce), { retry: { attempts: 5, firstMs: 150, maxMs: 150 } }),
      makeUse("act", "test/count"),
    ],
    { sweep: makeSweep(), checkout: "worktree", outputs: { made: "${{ steps.make.outputs.made }}" } },
  );
  const ship = makeJob(
    "ship",
    [
      makeStep("push", counting(folder, `test "$MADE" = "$REPO_NAME"; cat made; count end`), {
        env: { MADE: "${{ needs.edit.outputs.made }}" },
      }),
    ],
    {
      needs: ["edit"],
      sweep: makeSweep(),
      checkout: "worktree",
    },
  );
  const waits = (job: string, name: keyof typeof fleet): PlannedWait[] =>
    fleet[name].map((need) => ({ target: `${job}/${need}`, because: "repository" }));
  return makePlanOf(
    makeWorkflow([edit, ship], [makeStep("close", counting(folder, "count end"))]),
    [
      ...names.map((name) => planTarget("edit", name, { after: waits("edit", name) })),
      ...names.map((name) =>
        planTarget("ship", name, { after: [{ target: `edit/${name}`, because: "job" }, ...waits("ship", name)] }),
      ),
    ],
    names.map((name) => pinRepository(name, { path: join(folder, "repos", name), base: commit })),
  );
}

/** A repository that is copied for each scenario; all copies have the same commit. */
export function makeTemplate(folder: string): { readonly path: string; readonly commit: string } {
  const path = join(folder, "template");
  return { path, commit: makeRepository(path) };
}

/** What is done to a process: killed at a crash point, after a time, once a file of its folder exists, or left alone. */
export type Blow = { readonly at: string } | { readonly afterMs: number } | { readonly onceThere: string } | null;

/** What a scenario's processes do. */
export interface Story {
  /** The plan of the run, with commit ids and paths of the folder. */
  readonly plan: (folder: string, commit: string) => Plan;
  /** Done before the first process. */
  readonly prepare?: (folder: string) => void;
  /** What is wrong in the world when the run is over, besides its history. */
  readonly judge?: (folder: string) => readonly string[];
}

/** How processes are started in a scenario's folder. */
export type Starter = (folder: string) => { readonly file: string; readonly args: readonly string[] };

/** What a scenario showed. */
export interface Played {
  /** What was wrong; empty when nothing was. */
  readonly faults: readonly string[];
  /** How many processes were killed. */
  readonly kills: number;
  readonly elapsedMs: number;
}

/** Lets a run be executed by one process after the other, each with its blow, until it is over; the history is checked after each. */
export async function playScenario(
  template: { readonly path: string; readonly commit: string },
  blows: readonly Blow[],
  starter: Starter,
  { plan, prepare, judge }: Story = { plan: planCrash },
): Promise<Played> {
  const folder = mkdtempSync(join(tmpdir(), "c-"));
  try {
    mkdirSync(join(folder, "repos"));
    for (const name of names) cpSync(template.path, join(folder, "repos", name), { recursive: true });
    writeFileSync(join(folder, "plan.json"), JSON.stringify(plan(folder, template.commit)));
    prepare?.(folder);
    const history = { database: join(folder, ".mahavishnu/state.db"), counter: "" };
    const faults: string[] = [];
    let kills = 0;
    const started = performance.now();
    for (let turn = 0; ; turn += 1) {
      const ended = await runProcess(folder, starter(folder), blows[turn] ?? null);
      if (existsSync(history.database)) {
        const counter = readText(join(folder, "counter"));
        faults.push(...checkHistory({ ...history, counter }, ended === "done" ? "succeeded" : "crashed"));
      }
      if (ended === "done") break;
      if (ended !== "killed") faults.push(`process ${turn + 1} ended with ${ended}`);
      if (faults.length > 0) break;
      kills += 1;
    }
    const elapsedMs = performance.now() - started;
    if (faults.length === 0) faults.push(...findRemains(folder), ...(judge?.(folder) ?? []));
    return { faults, kills, elapsedMs };
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Runs one process: `done` when it ended with 0, `killed` by its blow, anything else is a fault. */
async function runProcess(folder: string, { file, args }: ReturnType<Starter>, blow: Blow): Promise<string> {
  // No kill can be kept from leaving a temporary folder that exists for milliseconds; it goes with the scenario.
  const temporary = join(folder, "tmp");
  mkdirSync(temporary, { recursive: true });
  const env = { ...process.env, TMPDIR: temporary, CRASH_AT: blow !== null && "at" in blow ? blow.at : "" };
  const child = spawn(file, args, { env, stdio: ["ignore", "pipe", "pipe"] });
  let told = "";
  child.stdout.on("data", (chunk: Buffer) => void (told += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => void (told += chunk.toString()));
  const kill = (): boolean => child.kill("SIGKILL");
  const timer = blow !== null && "afterMs" in blow ? setTimeout(kill, blow.afterMs) : undefined;
  const awaited = blow !== null && "onceThere" in blow ? join(folder, blow.onceThere) : undefined;
  const watch = awaited === undefined ? undefined : setInterval(() => existsSync(awaited) && kill(), 10);
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve) => {
    child.once("exit", (...end) => resolve(end));
  });
  clearTimeout(timer);
  clearInterval(watch);
  child.stdout.destroy();
  child.stderr.destroy();
  if (signal === "SIGKILL" && blow !== null) return "killed";
  return code === 0 ? "done" : `${code ?? signal}: ${told.slice(-2_000)}`;
}

/** What a run that is over must not leave: worktrees, registrations of worktrees, files of outputs, processes of its steps. */
function findRemains(folder: string): string[] {
  const faults: string[] = [];
  const list = (path: string): string[] => (existsSync(path) ? readdirSync(path) : []);
  const trees = list(join(folder, ".mahavishnu/worktrees"));
  if (trees.length > 0) faults.push(`worktrees are left: ${trees.join(", ")}`);
  for (const name of names) {
    const registered = list(join(folder, "repos", name, ".git/worktrees"));
    if (registered.length > 0) faults.push(`${name} has registered worktrees: ${registered.join(", ")}`);
  }
  for (const line of readText(join(folder, "counter")).split("\n").filter(Boolean)) {
    const pid = Number(line.split(" ")[3]);
    if (pid > 0 && existsSync(`/proc/${pid}`) && readText(`/proc/${pid}/environ`).includes(folder))
      faults.push(`process ${pid} is left: ${line}`);
  }
  return faults;
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

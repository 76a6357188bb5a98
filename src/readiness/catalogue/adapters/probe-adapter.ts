import { readdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import { type Act, actInScratch } from "../../acting/act-in-scratch.ts";
import { type CliResult, parseStdout } from "../../acting/call-cli.ts";
import { listScratchProcesses } from "../../acting/scratch-processes.ts";
import type { ScratchWorkspace } from "../../acting/scratch-workspace.ts";
import { expectMet, expectSame, Unmet } from "../../acting/unmet.ts";
import type { CheckContext } from "../../context.ts";
import type { Outcome, Target } from "../../types.ts";

const Listed = z.looseObject({
  name: z.string(),
  enabled: z.boolean(),
  version: z.string().min(1),
  capabilities: z.record(z.string(), z.unknown()),
  actions: z.array(z.string()),
});

const Health = z.strictObject({
  name: z.string(),
  state: z.enum(["up", "down"]),
  reason: z.string().min(1),
  layers: z.array(z.strictObject({ name: z.string(), ms: z.number().positive() })),
  canary: z.strictObject({ nonce: z.string().min(8), echo: z.string().nullable() }).nullable(),
});
type Health = z.output<typeof Health>;

/** Asks an adapter who it is, and each of its layers for an answer. */
export async function reachAdapter(context: CheckContext, target: Target | null): Promise<Outcome> {
  return await probe(context, "adp001", target, async (act, workspace, name) => {
    const listed = await list(act, workspace, name);
    const version = (await act.call(workspace, ["--version"])).stdout.trim();
    expectMet(listed.version === version, "the adapter has another version than the command that runs it", {
      expected: version,
      observed: listed.version,
    });
    const { layers, state, reason } = await askHealth(act, workspace, name);
    const reached = layers.map((layer) => `${layer.name} in ${layer.ms} ms`).join(", ");
    expectMet(layers.length >= 2, `not every layer answered: ${state}, ${reason}`, { observed: reached || "none" });
    return { status: "pass", reason: `${name} ${version} answers: ${reached}` };
  });
}

/** Asks for health more than once, and cuts what it depends on: a constant would not notice. */
export async function doubtHealth(context: CheckContext, target: Target | null): Promise<Outcome> {
  return await probe(context, "adp002", target, async (act, workspace, name) => {
    const first = await askHealth(act, workspace, name);
    const second = await askHealth(act, workspace, name);
    for (const { state, reason, canary } of [first, second]) {
      expectMet(state === "up", reason, { expected: "up", observed: state });
      expectMet(canary !== null && canary.echo === canary.nonce, "health is claimed without a canary that came back");
    }
    expectMet(first.canary?.nonce !== second.canary?.nonce, "health is a constant: the same canary came back twice");
    await cutStateFolder(workspace);
    const cut = await askHealth(act, workspace, name);
    expectMet(cut.state === "down", "health does not notice that its state folder is gone", {
      expected: "down",
      observed: cut.state,
    });
    return { status: "pass", reason: `${first.reason}; without its state folder it is down` };
  });
}

/** Opens and closes an adapter several times, and looks for what is left. */
export async function openAgain(context: CheckContext, target: Target | null): Promise<Outcome> {
  return await probe(context, "adp003", target, async (act, workspace, name) => {
    const before = await list(act, workspace, name);
    await expectUp(act, workspace, name);
    await Promise.all([expectUp(act, workspace, name), expectUp(act, workspace, name)]);
    expectSame(await list(act, workspace, name), before, "the adapter says something else of itself than before");
    const processes = await listScratchProcesses(act.scratch);
    expectMet(processes.length === 0, "the adapter has left processes running", {
      observed: processes.map(({ pid, command }) => `${pid} ${command}`).join("; "),
    });
    const files = (await readdir(workspace.folder, { recursive: true })).filter((path) => path.includes("canary"));
    expectMet(files.length === 0, "the adapter has left files behind", { observed: files.join(", ") });
    const runs = z.looseObject({ items: z.array(z.unknown()) });
    const { items } = runs.parse(parseStdout(await act.call(workspace, ["runs", "list", "-o", "json"])));
    expectMet(items.length === 0, "canaries are among the runs of the user", { observed: `${items.length} runs` });
    return { status: "pass", reason: `${name} was opened three times and left nothing behind` };
  });
}

async function probe(
  context: CheckContext,
  id: string,
  target: Target | null,
  body: (act: Act, workspace: ScratchWorkspace, name: string) => Promise<Outcome>,
): Promise<Outcome> {
  if (target === null) throw new Error("no adapter is named");
  return await actInScratch(context, id, async (act) => {
    const workspace = await act.workspace({ repositories: [], workflows: {} });
    return await body(act, workspace, target.name);
  });
}

async function list(act: Act, workspace: ScratchWorkspace, name: string): Promise<z.output<typeof Listed>> {
  const result = await act.call(workspace, ["adapters", "list", "-o", "json"]);
  const found = readItems(result, Listed).find((item) => item.name === name);
  if (found === undefined) throw new Unmet(`${name} is not among the adapters`);
  expectMet(found.enabled, `${name} is not enabled`);
  return found;
}

/** What an adapter says about itself. The exit code has to say the same. */
async function askHealth(act: Act, workspace: ScratchWorkspace, name: string): Promise<Health> {
  const result = await act.call(workspace, ["adapters", "health", name, "-o", "json"]);
  const [health] = readItems(result, Health);
  if (health === undefined) throw new Unmet(`${name} gives no health`);
  expectSame(
    [health.name, result.exitCode],
    [name, health.state === "up" ? 0 : 1],
    "the exit code says something else",
  );
  return health;
}

async function expectUp(act: Act, workspace: ScratchWorkspace, name: string): Promise<void> {
  const { state, reason } = await askHealth(act, workspace, name);
  expectMet(state === "up", reason, { expected: "up", observed: state });
}

function readItems<Item extends z.ZodType>(result: CliResult, item: Item): readonly z.output<Item>[] {
  let value: unknown;
  try {
    value = parseStdout(result);
  } catch (error) {
    throw new Unmet((error as Error).message);
  }
  const read = z.looseObject({ items: z.array(item) }).safeParse(value);
  if (read.success) return read.data.items;
  throw new Unmet("the answer has an unknown shape", { observed: result.stdout.slice(0, 300) });
}

/** A file stands where the state folder has to be: whoever runs this, root included, cannot use it. */
async function cutStateFolder({ folder }: ScratchWorkspace): Promise<void> {
  const state = join(folder, ".mahavishnu");
  await rename(state, `${state}.cut`).catch(() => undefined);
  await writeFile(state, "");
}

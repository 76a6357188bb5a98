import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { delimiter, join } from "node:path";
import type { TestContext } from "vitest";
import { root } from "../../scripts/lib/root.ts";

const folder = join(root, ".cache/system");

const places = {
  promtool: "debian/usr/bin/promtool",
  prometheus: "debian/usr/bin/prometheus",
  alertmanager: "alertmanager-v0.27.0/alertmanager",
  helm: "helm-v3.22.0/helm",
  "compose-go": "compose-go-v2.16.2/cmd",
  hadolint: "python-1/bin/hadolint",
  "kubernetes-validate": "python-1/bin/kubernetes-validate",
  "systemd-analyze": null,
  python3: null,
} as const;

/** A program that the system tests use. */
export type Tool = keyof typeof places;

/** What a tool said. */
export interface Answer {
  readonly status: number | null;
  /** Both streams, the output first. */
  readonly text: string;
}

/** Where a tool is: what `scripts/install-system.ts` has fetched, else what the machine has. */
export function findTool(tool: Tool): string | null {
  const place = places[tool];
  const fetched = place === null ? null : join(folder, place);
  if (fetched !== null && existsSync(fetched)) return fetched;
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  return folders.map((path) => join(path, tool)).find((path) => existsSync(path)) ?? null;
}

/**
 * Leaves a test out, and says so loudly, when a tool that it needs is not there.
 *
 * @throws Error with CI set: there a test that is left out is a failure
 */
export function needTools(context: TestContext, ...tools: readonly Tool[]): void {
  const missing = tools.filter((tool) => findTool(tool) === null);
  if (missing.length === 0) return;
  const message = `NOT RUN: ${context.task.name}: ${missing.join(", ")} could not be had on this machine`;
  if (process.env["CI"] !== undefined) throw new Error(message);
  process.stderr.write(`\n${message}\n`);
  context.skip(message);
}

/** The environment in which the tools of Python find their libraries. */
export const toolEnv = { ...process.env, PYTHONPATH: join(folder, "python-1") };

/** Runs a tool to its end. */
export function runTool(
  tool: Tool,
  words: readonly string[],
  { input, cwd = root }: { readonly input?: string; readonly cwd?: string } = {},
): Answer {
  const { status, stdout, stderr, error } = spawnSync(findTool(tool) ?? tool, [...words], {
    cwd,
    env: toolEnv,
    encoding: "utf8",
    maxBuffer: 1 << 26,
    ...(input === undefined ? {} : { input }),
  });
  if (error !== undefined) throw error;
  return { status, text: `${stdout}${stderr}` };
}

/** A tool that goes on until it is disposed of. */
export interface StartedTool extends AsyncDisposable {
  /** What it has said so far. */
  readonly output: () => string;
}

/** Starts a tool that goes on until it is disposed of. */
export function startTool(tool: Tool, words: readonly string[]): StartedTool {
  const child = spawn(findTool(tool) ?? tool, [...words], { env: toolEnv, stdio: ["ignore", "pipe", "pipe"] });
  let text = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (more: string) => (text += more));
  const ended = new Promise<void>((resolve) => {
    child.once("close", () => resolve());
    child.once("error", () => resolve());
  });
  return {
    output: () => text,
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

/** A port of 127.0.0.1 that nobody listened at a moment ago. */
export async function findFreePort(): Promise<number> {
  const probe = createServer();
  probe.listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, "close");
  return port;
}

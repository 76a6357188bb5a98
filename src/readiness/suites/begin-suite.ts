import { type ChildProcess, spawn } from "node:child_process";
import { open } from "node:fs/promises";
import type { AppContext } from "../../app/app-context.ts";
import { MahavishnuError } from "../../lib/errors.ts";
import { newRunId } from "../../lib/ids.ts";
import { identifyProcess } from "../../lib/process-identity.ts";
import { keptSuites, SuiteFiles } from "./suite-files.ts";
import { suiteCommand, workspaceOf } from "./suite-command.ts";
import { isActingRequest, type SuiteRequest, suiteWords } from "./suite-request.ts";
import { readSuite, type SuiteItem, toItem } from "./view-suite.ts";

/** Suites under way in one workspace: one that runs, and those that wait for it. Each is a process. */
const maxUnderWay = 4;

/**
 * Begins a suite as a process of its own, the shipped command, with the workspace's configuration as it lies in its files now. Its
 * lines go into a file, so that it ends well without whoever began it.
 *
 * @throws MahavishnuError SUITE_BUSY when others are under way, and it is not to wait or too many wait already.
 */
export async function beginSuite(context: AppContext, request: SuiteRequest): Promise<SuiteItem> {
  const files = new SuiteFiles(context.loaded.paths.stateFolder);
  await files.make();
  await expectRoom(context, request, files);
  const id = newRunId();
  const startedAt = new Date().toISOString();
  const child = await startCommand(context, request, files.linesOf(id));
  const record = {
    id,
    command: request.command,
    startedBy: context.subject.name,
    startedAt,
    process: child.pid === undefined ? null : identifyProcess(child.pid),
  };
  await files.add(record);
  return toItem(await readSuite(record, files));
}

/** Makes room, and finds out whether this one may begin now. */
async function expectRoom(context: AppContext, request: SuiteRequest, files: SuiteFiles): Promise<void> {
  const records = await files.list();
  const known = await Promise.all(records.map(async (record) => await readSuite(record, files)));
  const goesOn = known.filter(({ state }) => state === "running" || state === "waiting");
  if (goesOn.length >= maxUnderWay) {
    throw new MahavishnuError("SUITE_BUSY", `${goesOn.length} suites are under way on this workspace already`, {
      fix: "Wait for one of them, or cancel one.",
    });
  }
  const over = known.filter((suite) => !goesOn.includes(suite));
  for (const { id } of over.slice(Math.max(0, keptSuites - 1 - goesOn.length))) await files.remove(id);
  if (request.wait !== false || !isActingRequest(request)) return;
  // Asked here too, so that whoever does not want to wait hears it at once and not from a suite that has failed.
  const { lockSuite } = await import("../suite-lock.ts");
  using _free = await lockSuite({ workspace: workspaceOf(context), waitMs: 0, signal: context.signal });
}

async function startCommand(context: AppContext, request: SuiteRequest, lines: string): Promise<ChildProcess> {
  const { file, args, options } = suiteCommand(context, suiteWords(request), "ndjson");
  await using output = await open(lines, "ax", 0o600);
  const child = spawn(file, args, { ...options, stdio: ["ignore", output.fd, "ignore"] });
  const { promise: started, resolve, reject } = Promise.withResolvers<void>();
  child.once("spawn", resolve);
  child.once("error", reject);
  await started;
  child.unref();
  return child;
}

import type { AppContext } from "../app/app-context.ts";
import { defineUseCase, type UseCase } from "../app/use-case.ts";
import { MahavishnuError, messageOf } from "../lib/errors.ts";
import type { PlanView } from "./describe-plan.ts";
import type { Explanation } from "./explain-check.ts";
import type { Registry } from "./registry.ts";
import type { FollowedSuiteItem } from "./suites/follow-suite.ts";
import type { SuiteFiles, SuiteRecord } from "./suites/suite-files.ts";
import type { SuiteRequest } from "./suites/suite-request.ts";
import type { SuiteItem, SuiteView } from "./suites/view-suite.ts";

/** One run of the suite, ready to begin. What it finds is its own affair: the door only lets it begin. */
export type SuiteWork = () => Promise<void>;

const workspace = () => ({ name: "workspace" });

/** `production check-config`: reads and reasons, and changes nothing. */
export const checkReadiness = defineUseCase<SuiteWork, void>({
  name: "checkReadiness",
  permission: "readiness:run",
  writes: false,
  resource: workspace,
  run: async (_context, work) => await work(),
});

/** The commands of the suite that act: in scratch space, but with the load that this brings, so each is in the trail. */
export const proveReadiness = defineUseCase<SuiteWork, void>({
  name: "proveReadiness",
  permission: "readiness:run",
  writes: true,
  resource: workspace,
  run: async (_context, work) => await work(),
});

/** A suite by its whole id. */
export interface OneSuiteInput {
  readonly id: string;
}

/** Begins a suite of this workspace as a process of its own, for callers who cannot run it themselves. */
export const startSuite = defineUseCase<SuiteRequest, SuiteItem>({
  name: "startSuite",
  permission: "readiness:run",
  writes: true,
  resource: workspace,
  changes: ({ command }) => ({ before: null, after: { suite: command } }),
  run: async (context, request) => {
    // What is wrong with the selection is the caller's mistake, and no suite.
    await planFor(context, request);
    const { beginSuite } = await import("./suites/begin-suite.ts");
    return await beginSuite(context, request);
  },
});

/** The last suites, the newest first. */
export interface SuiteList {
  readonly items: readonly SuiteItem[];
}

/** The suites that servers of this workspace have begun. */
export const listSuites = defineUseCase<object, SuiteList>({
  name: "listSuites",
  permission: "readiness:run",
  writes: false,
  resource: workspace,
  run: async (context) => {
    const [files, { readSuite, toItem }] = await Promise.all([filesOf(context), import("./suites/view-suite.ts")]);
    const records = await files.list();
    return { items: await Promise.all(records.map(async (record) => toItem(await readSuite(record, files)))) };
  },
});

/** A suite, with its report when it has ended. */
export const showSuite = defineUseCase<OneSuiteInput, SuiteView>({
  name: "showSuite",
  permission: "readiness:run",
  writes: false,
  resource: workspace,
  run: async (context, { id }) => {
    const { record, files } = await findSuite(context, id);
    const { readSuite } = await import("./suites/view-suite.ts");
    return await readSuite(record, files);
  },
});

/** Which events of a suite are wanted. */
export interface FollowSuiteInput extends OneSuiteInput {
  /** The number of the last event that is known already. */
  readonly after?: number;
}

/** A suite's events as they happen, and the suite at its end. */
export const followSuite = defineUseCase<FollowSuiteInput, AsyncIterable<FollowedSuiteItem>>({
  name: "followSuite",
  permission: "readiness:run",
  writes: false,
  resource: workspace,
  run: async (context, { id, after = 0 }) => {
    const { record, files } = await findSuite(context, id);
    const { followSuiteFiles } = await import("./suites/follow-suite.ts");
    return followSuiteFiles(record, files, { after, signal: context.signal });
  },
});

/** Ends a suite as Ctrl-C does: what has not been asked is not, and the report says so. */
export const cancelSuite = defineUseCase<OneSuiteInput, SuiteItem>({
  name: "cancelSuite",
  permission: "readiness:run",
  writes: true,
  resource: ({ id }) => ({ name: `suite:${id}` }),
  run: async (context, { id }) => {
    const { record, files } = await findSuite(context, id);
    const { isUnderWay, readSuite, toItem } = await import("./suites/view-suite.ts");
    if (record.process === null || !(await isUnderWay(record, files.linesOf(id)))) {
      throw new MahavishnuError("SUITE_STATE", `the suite ${id} is over`);
    }
    const { isHere } = await import("../lib/process-identity.ts");
    if (!isHere(record.process)) {
      throw new MahavishnuError("SUITE_STATE", `the suite ${id} runs where this server cannot reach it`, {
        fix: "Ask the server that has begun it.",
      });
    }
    try {
      process.kill(record.process.pid, "SIGINT");
    } catch (error) {
      throw new MahavishnuError("SUITE_STATE", `the suite ${id} cannot be ended: ${messageOf(error)}`, {
        cause: error,
      });
    }
    return toItem(await readSuite(record, files));
  },
});

/** What a suite would ask, `--list` and `--plan`; asks nothing. */
export const planSuite = defineUseCase<SuiteRequest, PlanView>({
  name: "planSuite",
  permission: "readiness:run",
  writes: false,
  resource: workspace,
  run: async (context, request) => await planFor(context, request),
});

/**
 * Makes `explainCheck`: all that the catalogue knows about one question, with the limits of this workspace.
 *
 * @param load Gives the catalogue. It is handed in, since the catalogue holds tests of the very use-cases of this file.
 */
export function makeExplainCheck(load: () => Promise<Registry>): UseCase<OneSuiteInput, Explanation> {
  return defineUseCase<OneSuiteInput, Explanation>({
    name: "explainCheck",
    permission: "config:read",
    writes: false,
    resource: workspace,
    run: async ({ loaded }, { id }) => {
      const [registry, { explainCheck }] = await Promise.all([load(), import("./explain-check.ts")]);
      return explainCheck(registry, id, loaded.config.readiness.thresholds);
    },
  });
}

async function planFor(context: AppContext, request: SuiteRequest): Promise<PlanView> {
  const [{ askSuiteCommand }, { suiteWords }] = await Promise.all([
    import("./suites/suite-command.ts"),
    import("./suites/suite-request.ts"),
  ]);
  return (await askSuiteCommand(context, [...suiteWords(request), "--list"])) as PlanView;
}

async function filesOf({ loaded }: AppContext): Promise<SuiteFiles> {
  const suites = await import("./suites/suite-files.ts");
  return new suites.SuiteFiles(loaded.paths.stateFolder);
}

/** @throws MahavishnuError SUITE_NOT_FOUND */
async function findSuite(
  context: AppContext,
  id: string,
): Promise<{ readonly record: SuiteRecord; readonly files: SuiteFiles }> {
  const files = await filesOf(context);
  const record = await files.find(id);
  if (record === null) throw new MahavishnuError("SUITE_NOT_FOUND", `there is no suite "${id}"`);
  return { record, files };
}

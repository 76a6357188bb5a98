import { join } from "node:path";
import type { ExpiredRows } from "../../store/purge-contract.ts";
import { type EndState, endStates } from "./choose-kept.ts";
import { listNames, measureFolder } from "./measure-folder.ts";
import { chooseLogFiles, readLogFolder } from "./purge-log.ts";
import type { PurgeOrder } from "./purge-order.ts";
import { chooseOutput } from "./purge-output.ts";
import type { PurgeTools } from "./purge-parts.ts";
import { chooseFromStore } from "./purge-runs.ts";

/** What a purge would do now. */
export interface PurgePreview {
  /** ISO 8601; ages are counted from here. */
  readonly at: string;
  /** Runs that would go, by how they ended. */
  readonly runs: Readonly<Record<EndState, number>>;
  /** Events of their histories. */
  readonly events: number;
  /** Of them so many have kept trees, in which there may be work that is nowhere else. */
  readonly runsWithTrees: number;
  /** Runs whose output would go and whose history would stay. */
  readonly outputs: number;
  /** Folders of runs that are not in the state. */
  readonly strangers: number;
  readonly logFiles: number;
  readonly expired: ExpiredRows;
  readonly auditEntries: number;
  /** Bytes of all these files; the database is not among them. */
  readonly bytes: number;
}

/** Folders measured for a preview at most: beyond that the number of bytes is that of the first ones. */
const mostMeasured = 5_000;
/** Entries of the trail counted at most in one go. */
const auditWindow = 1_000;

/** Looks what a purge would do. It changes nothing. */
export async function previewPurge(
  tools: Omit<PurgeTools, "allowedRoots">,
  order: PurgeOrder,
  signal: AbortSignal,
): Promise<PurgePreview> {
  const { store, stateFolder, runsFolder, worktreesFolder } = tools;
  const { at, output, log, audit } = order;
  const runs = await chooseFromStore(tools, order, { below: Number.MAX_SAFE_INTEGER, signal });
  const ids = new Set(runs.map(({ id }) => id));
  const trees = (await listNames(worktreesFolder)).filter((name) => ids.has(name));
  const chosen = output === undefined ? { runs: [], strangers: [] } : await chooseOutput(tools, output, { at, signal });
  const outputs = chosen.runs.filter(({ id }) => !ids.has(id)).map(({ id }) => id);
  const logs = log === undefined ? [] : chooseLogFiles(await readLogFolder(stateFolder), log, at);
  let bytes = logs.reduce((sum, file) => sum + file.bytes, 0);
  for (const id of [...ids, ...outputs, ...chosen.strangers].slice(0, mostMeasured)) {
    signal.throwIfAborted();
    bytes += await measureFolder(join(runsFolder, id));
  }
  const none = { deliveries: 0, receipts: 0, sessions: 0, tokens: 0 };
  const count = (state: EndState): number => runs.filter((run) => run.state === state).length;
  return {
    at: new Date(at).toISOString(),
    runs: Object.fromEntries(endStates.map((state) => [state, count(state)])) as Record<EndState, number>,
    events: runs.reduce((sum, run) => sum + run.events, 0),
    runsWithTrees: trees.length,
    outputs: outputs.length,
    strangers: chosen.strangers.length,
    logFiles: logs.length,
    expired: order.expired ? await store.countExpired() : none,
    auditEntries: audit === undefined ? 0 : await countOldAudit(tools, at - audit.age),
    bytes,
  };
}

/** How many entries stand before the first one that is young. */
async function countOldAudit({ store }: Pick<PurgeTools, "store">, before: number): Promise<number> {
  const { seq: base } = await store.readAuditBase();
  for (let after = base; ;) {
    const entries = await store.listAudit({ afterSeq: after, limit: auditWindow });
    const young = entries.find(({ time }) => time >= before);
    if (young !== undefined) return young.seq - 1 - base;
    const last = entries.at(-1);
    // The newest one stays.
    if (last === undefined || entries.length < auditWindow) return Math.max(0, (last?.seq ?? after) - 1 - base);
    after = last.seq;
  }
}

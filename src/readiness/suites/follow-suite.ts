import { setTimeout as delay } from "node:timers/promises";
import type { SuiteEvent } from "../run-stages.ts";
import type { SuiteFiles, SuiteRecord } from "./suite-files.ts";
import { SuiteLines } from "./suite-lines.ts";
import { isUnderWay, type SuiteView, viewSuite } from "./view-suite.ts";

/** An event of a followed suite with its number, from 1 on; or, at its end, the suite itself. */
export type FollowedSuiteItem =
  | { readonly type: "event"; readonly seq: number; readonly event: SuiteEvent }
  | { readonly type: "suite"; readonly suite: SuiteView };

/** How often a suite that goes on is looked at. */
const lookMs = 100;

/**
 * Every event of a suite behind some number, each once and in order; then the suite, when it has ended or its process has gone. Ends
 * early when whoever asked has gone.
 */
export async function* followSuiteFiles(
  record: SuiteRecord,
  files: SuiteFiles,
  { after, signal }: { readonly after: number; readonly signal: AbortSignal },
): AsyncGenerator<FollowedSuiteItem> {
  const file = files.linesOf(record.id);
  const lines = new SuiteLines(file);
  let seq = 0;
  let last: SuiteEvent | undefined;
  while (!signal.aborted) {
    const goesOn = await isUnderWay(record, file);
    for (const event of await lines.readOn()) {
      seq += 1;
      last = event;
      if (seq > after) yield { type: "event", seq, event };
    }
    if (lines.end !== null || !goesOn) {
      yield { type: "suite", suite: viewSuite(record, { end: lines.end, last, goesOn }) };
      return;
    }
    await delay(lookMs, undefined, { signal }).catch(() => undefined);
  }
}

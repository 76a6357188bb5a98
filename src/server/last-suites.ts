import type { SuiteView } from "../readiness/suites/view-suite.ts";
import type { SuiteEnd } from "../telemetry/alerts/watch.ts";

/** Tells the last readiness suite of each command that has ended. What has ended is read once. */
export function watchSuites(stateFolder: string): () => Promise<readonly SuiteEnd[]> {
  const ended = new Map<string, SuiteEnd | null>();
  return async () => {
    const [{ SuiteFiles }, { readSuite }] = await Promise.all([
      import("../readiness/suites/suite-files.ts"),
      import("../readiness/suites/view-suite.ts"),
    ]);
    const files = new SuiteFiles(stateFolder);
    const records = await files.list();
    const ids = new Set(records.map(({ id }) => id));
    for (const id of ended.keys()) if (!ids.has(id)) ended.delete(id);
    const last = new Map<string, SuiteEnd>();
    for (const record of records) {
      if (last.has(record.command)) continue;
      let end = ended.get(record.id);
      if (end === undefined) {
        const view = await readSuite(record, files);
        if (view.state === "waiting" || view.state === "running") continue;
        end = endOf(view);
        ended.set(record.id, end);
      }
      if (end !== null) last.set(record.command, end);
    }
    return [...last.values()];
  };
}

/** One that was interrupted has found nothing: the one before it counts. */
function endOf({ id, command, state, verdict, startedAt }: SuiteView): SuiteEnd | null {
  if (state === "interrupted") return null;
  return { id, command, isReady: state === "ended" && verdict !== "notReady", endedAt: Date.parse(startedAt) };
}

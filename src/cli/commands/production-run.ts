import type {
  ProductionAnswer,
  ProductionOptions as SuiteOptions,
  ProductionSetting,
} from "../../readiness/run-production.ts";
import type { SuiteEvent } from "../../readiness/run-stages.ts";
import type { ReportFormat } from "../../readiness/report/render-report.ts";
import { MahavishnuError } from "../../lib/errors.ts";
import { type CommandIo, writeNdjson } from "../command-io.ts";
import type { ProductionExplainOptions, ProductionOptions } from "../command-options.ts";
import { exitCodes } from "../exit-codes.ts";
import { createSuiteProgress } from "../suite-progress.ts";
import { findSuitePlace, type SuitePlace, suiteOptions, suiteSetting } from "../suite-request.ts";
import { reportStyle } from "../terminal/report-style.ts";

/** `mahavishnu production check-config|run-integration-tests|run-benchmarks|run-all-tests`. */
export async function runProductionSuite(flags: ProductionOptions, io: CommandIo): Promise<number> {
  const place = await findSuitePlace(flags, io);
  const options = suiteOptions(flags);
  const setting = suiteSetting(place, io);
  if (flags.list === true || flags.plan === true) {
    const { printSuitePlan } = await import("./production-view.ts");
    return await printSuitePlan(options, setting, { flags, io });
  }
  if (options.shuffleSeed !== undefined) io.stderr.write(`order: --shuffle --seed ${options.shuffleSeed}\n`);
  const answer = await runShown(options, { place, setting, io, flags });
  return await tell(answer, flags, io);
}

interface ShownRun {
  readonly place: SuitePlace;
  readonly setting: ProductionSetting;
  readonly io: CommandIo;
  readonly flags: ProductionOptions;
}

/** Shows how the suite goes; with `-o ndjson` each event is a line of its own as it happens, and the report is the last one. */
async function runShown(options: SuiteOptions, { place, setting, io, flags }: ShownRun): Promise<ProductionAnswer> {
  using progress = createSuiteProgress(io, flags.quiet);
  const onEvent = (event: SuiteEvent): void => {
    if (flags.format === "ndjson") writeNdjson(io.stdout, [event]);
    progress.onEvent(event);
  };
  return await throughTheDoor(options, { ...setting, onEvent }, place);
}

/**
 * Whoever asks passes the door, where there is one: without a configuration nobody can be bound to a role, and nothing can
 * be done but to say so. What acts is written into the audit trail before; where that cannot be written, nothing acts.
 */
async function throughTheDoor(
  options: SuiteOptions,
  setting: ProductionSetting,
  { loaded }: SuitePlace,
): Promise<ProductionAnswer> {
  const { runProduction } = await import("../../readiness/run-production.ts");
  if (loaded === undefined) return await runProduction(options, setting);
  const [{ openApp }, { perform }, { checkReadiness, proveReadiness }] = await Promise.all([
    import("../../app/open-app.ts"),
    import("../../app/perform.ts"),
    import("../../readiness/suite-use-cases.ts"),
  ]);
  await using app = openApp({ loaded, env: setting.environment });
  let answer: ProductionAnswer | undefined;
  const begin =
    (changes: Partial<SuiteOptions> = {}, more: Partial<ProductionSetting> = {}) =>
    async (): Promise<void> => {
      answer = await runProduction({ ...options, ...changes }, { ...setting, ...more });
    };
  const acts = (options.command !== "check-config" || options.all === true) && options.readOnly !== true;
  try {
    await perform(app, acts ? proveReadiness : checkReadiness, begin());
  } catch (error) {
    if (!acts || !(error instanceof MahavishnuError) || !error.code.startsWith("STATE_")) throw error;
    const text = `the audit trail cannot be written, so nothing acted: ${error.message}`;
    const changes = { readOnly: true, readOnlyBecause: "the audit trail cannot be written" };
    await perform(app, checkReadiness, begin(changes, { findings: [{ level: "failure", text }] }));
  }
  if (answer === undefined) throw new Error("the suite gave no answer");
  return answer;
}

/** Files first: when one cannot be written, the process must not end as if all were well. */
async function tell({ report, exitCode }: ProductionAnswer, flags: ProductionOptions, io: CommandIo): Promise<number> {
  const { renderReport, writeReports } = await import("../../readiness/report/render-report.ts");
  let failure: unknown;
  try {
    await writeReports(report, flags.reports, io.cwd);
  } catch (error) {
    failure = error;
  }
  const format: ReportFormat = flags.format === "text" && flags.quiet ? "short" : flags.format;
  io.stdout.write(await renderReport(report, format, { style: reportStyle(io.stdout), verbose: flags.verbose }));
  if (failure === undefined) return exitCode;
  // On the standard error, also with -o json: the standard output holds its one document already.
  const { reportError } = await import("../report-error.ts");
  io.stderr.write(reportError(failure, flags.verbose).text);
  return exitCodes.internal;
}

/** `mahavishnu production explain ID`. */
export async function runProductionExplain(options: ProductionExplainOptions, io: CommandIo): Promise<number> {
  const [{ printExplanation }, place] = await Promise.all([
    import("./production-view.ts"),
    findSuitePlace(options, io),
  ]);
  return await printExplanation(place.loaded, options, io);
}

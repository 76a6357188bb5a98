import type { PlanView } from "../../readiness/describe-plan.ts";
import type { Report } from "../../readiness/report/report.ts";
import type { ProductionAnswer, ProductionSetting } from "../../readiness/run-production.ts";
import type { SuiteEvent } from "../../readiness/run-stages.ts";
import type { SuiteRequest } from "../../readiness/suites/suite-request.ts";
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
  const options = suiteOptions(flags);
  if (flags.list === true || flags.plan === true) {
    const { printSuitePlan, refuseReportForms } = await import("./production-view.ts");
    refuseReportForms(flags);
    return printSuitePlan(await planShown(options, flags, io), flags, io);
  }
  if (options.shuffleSeed !== undefined) io.stderr.write(`order: --shuffle --seed ${options.shuffleSeed}\n`);
  return await tell(await runShown(options, flags, io), flags, io);
}

async function planShown(options: SuiteRequest, flags: ProductionOptions, io: CommandIo): Promise<PlanView> {
  if (flags.url !== undefined) {
    await using door = (await import("../remote-door.ts")).openRemoteDoor(flags.url, io);
    return await door.perform((await import("../../readiness/suite-use-cases.ts")).planSuite, options);
  }
  const [{ planProduction }, { describePlan }, place] = await Promise.all([
    import("../../readiness/run-production.ts"),
    import("../../readiness/describe-plan.ts"),
    findSuitePlace(flags, io),
  ]);
  return describePlan((await planProduction(options, suiteSetting(place, io))).plan);
}

/** Shows how the suite goes; with `-o ndjson` each event is a line of its own as it happens, and the report is the last one. */
async function runShown(options: SuiteRequest, flags: ProductionOptions, io: CommandIo): Promise<Report> {
  using progress = createSuiteProgress(io, flags.quiet);
  const onEvent = (event: SuiteEvent): void => {
    if (flags.format === "ndjson") writeNdjson(io.stdout, [event]);
    progress.onEvent(event);
  };
  if (flags.url !== undefined) {
    const { runRemoteSuite } = await import("../remote-suite.ts");
    return await runRemoteSuite(options, { url: flags.url, io, onEvent });
  }
  const place = await findSuitePlace(flags, io);
  return (await throughTheDoor(options, { ...suiteSetting(place, io), onEvent }, place)).report;
}

/**
 * Whoever asks passes the door, where there is one: without a configuration nobody can be bound to a role, and nothing can
 * be done but to say so. What acts is written into the audit trail before; where that cannot be written, nothing acts.
 */
async function throughTheDoor(
  options: SuiteRequest,
  setting: ProductionSetting,
  { loaded }: SuitePlace,
): Promise<ProductionAnswer> {
  const { runProduction } = await import("../../readiness/run-production.ts");
  if (loaded === undefined) return await runProduction(options, setting);
  const [{ openApp }, { perform }, { checkReadiness, proveReadiness }, { isActingRequest }] = await Promise.all([
    import("../../app/open-app.ts"),
    import("../../app/perform.ts"),
    import("../../readiness/suite-use-cases.ts"),
    import("../../readiness/suites/suite-request.ts"),
  ]);
  await using app = openApp({ loaded, env: setting.environment });
  let answer: ProductionAnswer | undefined;
  const begin =
    (changes: Partial<Parameters<typeof runProduction>[0]> = {}, more: Partial<ProductionSetting> = {}) =>
    async (): Promise<void> => {
      answer = await runProduction({ ...options, ...changes }, { ...setting, ...more });
    };
  const acts = isActingRequest(options);
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
async function tell(report: Report, flags: ProductionOptions, io: CommandIo): Promise<number> {
  const { renderReport, writeReports } = await import("../../readiness/report/render-report.ts");
  let failure: unknown;
  try {
    await writeReports(report, flags.reports, io.cwd);
  } catch (error) {
    failure = error;
  }
  const format: ReportFormat = flags.format === "text" && flags.quiet ? "short" : flags.format;
  io.stdout.write(await renderReport(report, format, { style: reportStyle(io.stdout), verbose: flags.verbose }));
  if (failure === undefined) return report.exitCode;
  // On the standard error, also with -o json: the standard output holds its one document already.
  const { reportError } = await import("../report-error.ts");
  io.stderr.write(reportError(failure, flags.verbose).text);
  return exitCodes.internal;
}

/** `mahavishnu production explain ID`. The workspace, if there is one, only adds its own limits. */
export async function runProductionExplain(options: ProductionExplainOptions, io: CommandIo): Promise<number> {
  const { printExplanation } = await import("./production-view.ts");
  if (options.url !== undefined) {
    await using door = (await import("../remote-door.ts")).openRemoteDoor(options.url, io);
    const { explainCheck } = await import("../../readiness/explain-use-case.ts");
    return printExplanation(await door.perform(explainCheck, { id: options.id }), options, io);
  }
  const [{ explainCheck }, { loadRegistry }, { loaded }] = await Promise.all([
    import("../../readiness/explain-check.ts"),
    import("../../readiness/load-registry.ts"),
    findSuitePlace(options, io),
  ]);
  const limits = loaded?.config.readiness.thresholds;
  return printExplanation(explainCheck(await loadRegistry(), options.id, limits), options, io);
}

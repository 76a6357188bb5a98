import { resolve } from "node:path";
import { findWorkspace } from "../../config/find-workspace.ts";
import { type LoadedConfig, loadConfig } from "../../config/load-config.ts";
import { MahavishnuError, messageOf } from "../../lib/errors.ts";
import { fail, ok, type Probe, type Subject } from "../../readiness/doctor/finding.ts";
import { allProbes, type DoctorItem, type DoctorReport, runDoctor } from "../../readiness/doctor/run-doctor.ts";
import { type CommandIo, writeJson, writeLines } from "../command-io.ts";
import { exitCodes } from "../exit-codes.ts";
import type { GlobalOptions } from "../global-options.ts";
import { type Line, renderLine, span } from "../terminal/line.ts";

/** `mahavishnu doctor`. */
export async function runDoctorCommand(options: GlobalOptions, io: CommandIo): Promise<number> {
  const { loaded, probe } = await look(options, io);
  const folder = resolve(io.cwd, options.workspace ?? ".");
  const { isTTY, colour, unicode, width } = io.stdout;
  const subject: Subject = {
    loaded,
    stateFolder: loaded?.paths.stateFolder ?? resolve(folder, ".mahavishnu"),
    env: io.env,
    terminal: { isTTY, colour, unicode, width },
  };
  const report = await runDoctor(subject, io.interrupts.signal, { probes: [probe, ...allProbes] });
  if (options.format === "json") writeJson(io.stdout, toDocument(report, loaded));
  else writeLines(io.stdout, render(report, io));
  return { ok: exitCodes.success, warn: exitCodes.reservations, fail: exitCodes.failure }[report.status];
}

/** The workspace, if there is one; what is wrong with it is a finding like others. */
async function look(
  options: GlobalOptions,
  io: CommandIo,
): Promise<{ readonly loaded: LoadedConfig | null; readonly probe: Probe }> {
  const told = (text: string): Probe => ({ id: "workspace", look: () => ok(text) });
  try {
    const { workspace, configFile } = findWorkspace({
      cwd: io.cwd,
      ...(options.workspace === undefined ? {} : { directory: options.workspace }),
      ...(options.config === undefined ? {} : { configFile: options.config }),
    });
    const set = options.set.map(({ key, value }) => `${key}=${value}`);
    const loaded = await loadConfig({ workspace, configFile, env: io.env, set });
    return { loaded, probe: told(workspace) };
  } catch (error) {
    if (!(error instanceof MahavishnuError)) throw error;
    if (error.code === "WORKSPACE_NOT_FOUND")
      return { loaded: null, probe: told("none here: the machine alone is looked at") };
    const remedy = { text: "See what is wrong with it:", command: "mahavishnu config validate" };
    return { loaded: null, probe: { id: "workspace", look: () => fail(messageOf(error), remedy) } };
  }
}

function toDocument({ status, items }: DoctorReport, loaded: LoadedConfig | null): object {
  return {
    status,
    workspace: loaded?.workspace ?? null,
    items: items.map(({ id, status: is, text, remedy, figures, ms }) => ({
      id,
      status: is,
      text,
      remedy: remedy === undefined ? null : { text: remedy.text ?? null, command: remedy.command ?? null },
      figures: figures ?? {},
      ms,
    })),
  };
}

const marks = { ok: span("good", "ok  "), warn: span("warning", "warn"), fail: span("bad", "FAIL") } as const;

function render({ items }: DoctorReport, { stdout }: CommandIo): string[] {
  const width = Math.max(...items.map(({ id }) => id.length)) + 2;
  // Never cut: a remedy is there to be copied.
  const whole = { ...stdout, width: Number.POSITIVE_INFINITY };
  const lines = items.flatMap((item) => renderItem(item, width).map((line) => renderLine(line, whole)));
  const count = (status: DoctorItem["status"]): number => items.filter((item) => item.status === status).length;
  const [failed, warned] = [count("fail"), count("warn")];
  const verdict =
    failed > 0
      ? span("bad", `${failed} ${failed === 1 ? "thing does" : "things do"} not work`)
      : warned > 0
        ? span("warning", "it works, with reservations")
        : span("good", "all is well");
  return [
    ...lines,
    "",
    renderLine([verdict, span("faint", `  ${count("ok")} ok, ${warned} warn, ${failed} fail`)], whole),
  ];
}

function renderItem({ id, status, text, remedy }: DoctorItem, width: number): Line[] {
  const indent = " ".repeat("warn  ".length + width);
  const [first = "", ...rest] = text.split("\n");
  return [
    [marks[status], "  ", id.padEnd(width), first],
    ...rest.map((line): Line => [indent, line]),
    ...(remedy?.text === undefined ? [] : [[indent, span("faint", remedy.text)]]),
    ...(remedy?.command === undefined ? [] : [[indent, span("strong", remedy.command)]]),
  ];
}

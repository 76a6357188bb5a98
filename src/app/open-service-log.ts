import type { LoadedConfig } from "../config/load-config.ts";
import { escapeControl } from "../lib/escape-control.ts";
import type { Log } from "../lib/log.ts";

/** What decides about the log of a process. */
export interface ServiceLogRequest {
  readonly loaded: LoadedConfig;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Gets every line too, as JSON or for eyes; left out, lines go to the files alone. */
  readonly stderr?: (text: string) => void;
  /** Told when the files cannot be written. */
  readonly onFault: (text: string) => void;
}

/** A log that is open. */
export interface ServiceLog extends Disposable {
  readonly log: Log;
}

/**
 * Opens the log of a process that executes runs or serves. A server writes by pino; what is soon over writes lines of the same shape
 * itself, since pino takes longer to load than a short command may take.
 */
export async function openServiceLog({ loaded, env, stderr, onFault }: ServiceLogRequest): Promise<ServiceLog> {
  const [{ LogWriter }, { gatherLines }, { maskLines }, { readSecrets }, { createMasking }] = await Promise.all([
    import("../telemetry/logs/log-writer.ts"),
    import("../telemetry/logs/gather-lines.ts"),
    import("../telemetry/logs/mask-line.ts"),
    import("../config/secret-references.ts"),
    import("../lib/mask-secrets.ts"),
  ]);
  const { level, format } = loaded.config.telemetry.logs;
  const secrets = (await readSecrets(loaded, env)).flatMap(({ result }) => (result.ok ? [result.value.reveal()] : []));
  const masking = createMasking(secrets);
  const mask = (text: string): string => masking.text(text);
  const writer = new LogWriter({ stateFolder: loaded.paths.stateFolder, onFault });
  const closing = (lines: Disposable): Disposable => ({
    [Symbol.dispose]: () => {
      lines[Symbol.dispose]();
      writer[Symbol.dispose]();
    },
  });
  if (stderr === undefined) {
    const { openLineLog } = await import("../telemetry/logs/line-log.ts");
    const lines = gatherLines((all) => writer.write(all.join("\n")));
    return { ...closing(lines), log: openLineLog({ level, write: maskLines(masking, lines.take), mask }) };
  }
  const [{ openPinoLog }, show] = await Promise.all([import("../telemetry/logs/pino-log.ts"), formatter(format)]);
  const lines = gatherLines((all) => {
    writer.write(all.join("\n"));
    stderr(all.map(show).join(""));
  });
  return { ...closing(lines), log: openPinoLog({ level, write: maskLines(masking, lines.take), mask }) };
}

/** How a line is shown to whoever looks at the process. */
async function formatter(format: "json" | "pretty"): Promise<(line: string) => string> {
  if (format === "json") return (line) => `${line}\n`;
  const { prettyFactory } = await import("pino-pretty");
  const render = prettyFactory({
    colorize: false,
    messageKey: "message",
    timestampKey: "time",
    translateTime: false,
    singleLine: true,
  });
  return (line) => `${escapeControl(render(line).trimEnd())}\n`;
}

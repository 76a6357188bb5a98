import type { LogLine } from "../../telemetry/logs/read-log-lines.ts";
import type { Json } from "../../lib/json.ts";
import { renderLine, span } from "./line.ts";
import type { Look } from "./look.ts";
import type { Meaning } from "./palette.ts";

const meanings: Readonly<Record<LogLine["level"], Meaning>> = {
  trace: "faint",
  debug: "faint",
  info: "good",
  warn: "warning",
  error: "bad",
};

/**
 * A line of the service's log. It is never cut: what stands at its end may be what is looked for.
 *
 * @example
 * renderLogLine(line, look); // 2026-11-24 09:01:28.123Z  warn   a run has ended  runId=k3v9q0x2mf state=failed
 */
export function renderLogLine({ time, level, message, fields }: LogLine, look: Look): string {
  const about = Object.entries(fields).map(([name, value]) => `${name}=${showValue(value)}`);
  return renderLine(
    [
      span("faint", `${time.slice(0, 10)} ${time.slice(11)}`),
      "  ",
      span(meanings[level], level.padEnd(5)),
      "  ",
      message,
      ...(about.length === 0 ? [] : ["  ", span("faint", about.join(" "))]),
    ],
    { ...look, width: Number.POSITIVE_INFINITY },
  );
}

function showValue(value: Json): string {
  return typeof value === "string" && /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
}

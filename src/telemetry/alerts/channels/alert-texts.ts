import type { Alert, AlertMessage } from "../alert.ts";

/** One line about all alerts of a message: `[FIRING:2] failures: 3 runs of nightly have failed`. */
export function headline({ isTest, rule, alerts }: AlertMessage): string {
  const firing = alerts.filter(({ state }) => state === "firing").length;
  const counts = [
    ...(firing > 0 ? [`FIRING:${firing}`] : []),
    ...(alerts.length > firing ? [`RESOLVED:${alerts.length - firing}`] : []),
  ];
  const [first] = alerts;
  const more = alerts.length > 1 ? ` (and ${alerts.length - 1} more)` : "";
  return oneLine(`${isTest ? "[TEST]" : ""}[${counts.join(" ")}] ${rule}: ${first?.summary ?? ""}${more}`);
}

/** Everything about one alert, for eyes. */
export function describeAlert(alert: Alert): string {
  const { state, severity, summary, description, labels, startedAt, endedAt, runId, url, runbook } = alert;
  return [
    `${state.toUpperCase()} (${severity}): ${oneLine(summary)}`,
    description,
    "",
    `since: ${new Date(startedAt).toISOString()}`,
    ...(endedAt === null ? [] : [`over:  ${new Date(endedAt).toISOString()}`]),
    ...(runId === null ? [] : [`run:   ${runId}`]),
    ...(url === null ? [] : [`see:   ${url}`]),
    ...(runbook === null ? [] : [`do:    ${runbook}`]),
    Object.entries(labels)
      .map(([name, value]) => `${name}=${oneLine(value)}`)
      .join(" "),
  ].join("\n");
}

/** Without line breaks and other control characters: what heads and subjects may hold. */
export function oneLine(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/[\p{Cc}\u2028\u2029]+/gu, " ")
    .trim();
}

/** At most so many characters, the last of them an ellipsis where something was cut; never half a character. */
export function clip(text: string, length: number): string {
  const whole = text.toWellFormed();
  if (whole.length <= length) return whole;
  const cut = whole.slice(0, length - 1);
  // The first half of a pair would be left alone.
  return `${cut.isWellFormed() ? cut : cut.slice(0, -1)}…`;
}

const unitMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const form = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/;

/** The forms that a duration may take, for error messages. */
export const durationForms = "500ms, 30s, 15m, 2h or 7d";

/** Timers hold at most 2^31 - 1 ms; a longer one would ring at once. So no time limit may be longer. */
export const longestTimerMs: number = 24 * 86_400_000;

/**
 * Milliseconds of a duration, or undefined when the text is not one. A bare number is not a duration.
 *
 * @example
 * parseDuration("15m"); // 900000
 */
export function parseDuration(text: string): number | undefined {
  const match = form.exec(text);
  if (match === null) return undefined;
  return Math.round(Number(match[1]) * unitMs[match[2] as keyof typeof unitMs]);
}

/**
 * A duration for eyes: at most two units, the larger first.
 *
 * @example
 * formatDuration(77_000); // "1m 17s"
 */
export function formatDuration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)}ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)}s`;
  const seconds = Math.round(ms / 1_000);
  const parts: [number, string][] = [
    [Math.floor(seconds / 86_400), "d"],
    [Math.floor((seconds % 86_400) / 3_600), "h"],
    [Math.floor((seconds % 3_600) / 60), "m"],
    [seconds % 60, "s"],
  ];
  const from = parts.findIndex(([n]) => n > 0);
  return parts
    .slice(from, from + 2)
    .filter(([n]) => n > 0)
    .map(([n, unit]) => `${n}${unit}`)
    .join(" ");
}

import { parseDuration } from "../lib/duration.ts";

/** A stretch of time in milliseconds since 1970, infinite where nothing bounds it. `until` is not in it any more. */
export interface Period {
  readonly from: number;
  readonly until: number;
}

const dayMs = 86_400_000;
const dayForm = /^\d{4}-\d\d-\d\d$/;
const momentForm = /^(\d{4}-\d\d-\d\d)T\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(?:Z|[+-]\d\d:\d\d)$/;

/** The forms that a day or a moment may take, for error messages. */
export const timeForms = "2026-11-01 or 2026-11-01T10:00Z";

/**
 * The bounds that the value of `created:` sets, or undefined when it is none. A day counts as a whole: after it is after its end.
 *
 * @example
 * readBounds("<2026-11-01"); // { from: -Infinity, until: 1793491200000 }
 */
export function readBounds(value: string): Period | undefined {
  const sign = /^[<>]=?/.exec(value)?.[0] ?? "";
  const period = readPeriod(value.slice(sign.length));
  if (period === undefined) return undefined;
  const { from, until } = period;
  const [always, never] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  switch (sign) {
    case ">":
      return { from: until, until: never };
    case ">=":
      return { from, until: never };
    case "<":
      return { from: always, until: from };
    case "<=":
      return { from: always, until };
    default:
      return period;
  }
}

/**
 * The moment that the value of `since:` or `until:` names, in milliseconds since 1970: the beginning of a day, a moment, or so long
 * before `now`. Undefined when it names none.
 */
export function readMoment(value: string, now: number): number | undefined {
  const ago = parseDuration(value);
  return ago === undefined ? readPeriod(value)?.from : now - ago;
}

function readPeriod(text: string): Period | undefined {
  const isDay = dayForm.test(text);
  const day = isDay ? text : momentForm.exec(text)?.[1];
  if (day === undefined) return undefined;
  // JavaScript takes the 30th of February for a day of March.
  const midnight = Date.parse(`${day}T00:00:00Z`);
  if (Number.isNaN(midnight) || !new Date(midnight).toISOString().startsWith(day)) return undefined;
  const from = Date.parse(text);
  return Number.isNaN(from) ? undefined : { from, until: isDay ? from + dayMs : from + 1 };
}

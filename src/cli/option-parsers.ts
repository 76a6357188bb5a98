import { InvalidArgumentError } from "commander";
import { durationForms, formatDuration, longestTimerMs, parseDuration } from "../lib/duration.ts";
import { MahavishnuError } from "../lib/errors.ts";
import type { KeyValue } from "./global-options.ts";

/** Reads `KEY=VALUE`; the value may be empty and may hold further `=`. */
export function parseKeyValue(text: string): KeyValue {
  const split = text.indexOf("=");
  if (split < 1) throw new InvalidArgumentError("It must be KEY=VALUE.");
  return { key: text.slice(0, split), value: text.slice(split + 1) };
}

/** Adds one `KEY=VALUE` to those before it. */
export function collectKeyValue(text: string, previous: readonly KeyValue[] | undefined): KeyValue[] {
  return [...(previous ?? []), parseKeyValue(text)];
}

/**
 * Refuses a key that is given twice: only one of the values could count, and nobody said which.
 *
 * @throws MahavishnuError USAGE; never with a value, which may be a secret.
 */
export function refuseTwice(flag: string, given: readonly KeyValue[]): void {
  const twice = given.find(({ key }, index) => given.findIndex((other) => other.key === key) !== index);
  if (twice === undefined) return;
  throw new MahavishnuError("USAGE", `${flag} gives "${twice.key}" twice`, { fix: "Give each key once." });
}

/** Reads a whole number of at least 1. */
export function parseCount(text: string): number {
  const count = Number(text);
  if (!/^\d+$/.test(text) || count < 1 || !Number.isSafeInteger(count))
    throw new InvalidArgumentError("It must be a whole number of at least 1.");
  return count;
}

/** Reads a whole number of at least 0. */
export function parseWholeNumber(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value))
    throw new InvalidArgumentError("It must be a whole number of at least 0.");
  return value;
}

/** Reads a duration above 0; milliseconds. */
export function parseDurationFlag(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined || ms === 0) throw new InvalidArgumentError(`It must be a duration such as ${durationForms}.`);
  if (ms > longestTimerMs) throw new InvalidArgumentError(`It must be at most ${formatDuration(longestTimerMs)}.`);
  return ms;
}

/** Reads a text that may not be empty. */
export function parseNonEmpty(text: string): string {
  if (text.trim() === "") throw new InvalidArgumentError("It must not be empty.");
  return text;
}

/** A date is UTC; a time must say its zone, so that the same words mean the same on every machine. */
const moment = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2}))?$/;

/** Reads a moment, or a duration for so long ago; ISO 8601 in UTC. */
export function parseMoment(text: string): string {
  const ago = parseDuration(text);
  const time = ago !== undefined ? Date.now() - ago : moment.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isFinite(time) || time < 0)
    throw new InvalidArgumentError(
      "It must be a time such as 2030-01-31 or 2030-01-31T12:00:00Z, or so long ago: 24h.",
    );
  return new Date(time).toISOString();
}

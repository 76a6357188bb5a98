import { hash } from "node:crypto";

/** Where in which trace something happens (W3C Trace Context, https://www.w3.org/TR/trace-context/). */
export interface TraceContext {
  /** 32 lower-case hexadecimal digits, not all zero. */
  readonly traceId: string;
  /** 16 of them. */
  readonly spanId: string;
  /** Whether whoever began the trace records it. */
  readonly sampled: boolean;
}

const form = /^(?!ff)[\da-f]{2}-(?!0{32})([\da-f]{32})-(?!0{16})([\da-f]{16})-([\da-f]{2})(?:-.*)?$/;

/** Reads a `traceparent`; null when it is none, which is then treated as if it were not there. */
export function parseTraceparent(text: string): TraceContext | null {
  const [, traceId, spanId, flags] = form.exec(text) ?? [];
  // Version 00 has four parts and no more.
  if (traceId === undefined || spanId === undefined || flags === undefined) return null;
  if (text.startsWith("00") && text.length !== 55) return null;
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

/**
 * The `traceparent` of a place in a trace.
 *
 * @example
 * formatTraceparent({ traceId: "4bf92f3577b34da6a3ce929d0e0e4736", spanId: "00f067aa0ba902b7", sampled: true });
 * // "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
 */
export function formatTraceparent({ traceId, spanId, sampled }: TraceContext): string {
  return `00-${traceId}-${spanId}-${sampled ? "01" : "00"}`;
}

/**
 * The id of the span of a thing, made from its names: whoever goes on with a run after a crash goes on with its trace.
 *
 * @example
 * spanIdOf("k3v9q0x2mf", "edit/gateway", "test", "1"); // attempt 1 of step `test`
 */
export function spanIdOf(...names: readonly string[]): string {
  const id = digest("span", names).slice(0, 16);
  return /^0*$/.test(id) ? "0000000000000001" : id;
}

/**
 * Where a run is: in the trace of whoever asked for it, else in a trace of its own; its id is made from the run's.
 *
 * @param parent the `traceparent` that came with the request, as `run.created` keeps it
 * @param ratio which part of the runs without a parent is sampled, from 0 to 1; every process decides the same
 */
export function traceOfRun(runId: string, parent: string | undefined, ratio: number = 1): TraceContext {
  const given = parent === undefined ? null : parseTraceparent(parent);
  const spanId = spanIdOf(runId);
  if (given !== null) return { traceId: given.traceId, spanId, sampled: given.sampled };
  const traceId = digest("trace", [runId]).slice(0, 32);
  return { traceId, spanId, sampled: isSampled(traceId, ratio) };
}

/** The last 14 digits count, as W3C Trace Context (level 2) and OpenTelemetry have it: others who sample by id choose the same. */
function isSampled(traceId: string, ratio: number): boolean {
  return ratio >= 1 || Number.parseInt(traceId.slice(-14), 16) >= (1 - ratio) * 2 ** 56;
}

function digest(kind: string, names: readonly string[]): string {
  return hash("sha256", JSON.stringify([kind, ...names]));
}

import { hostname } from "node:os";
import { randomUUID } from "node:crypto";
import {
  type Attributes,
  type HrTime,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
} from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BatchSpanProcessor, type ReadableSpan, type SpanExporter } from "@opentelemetry/sdk-trace";
import type { Log } from "../../lib/log.ts";
import type { Secret } from "../../lib/secret.ts";
import { version } from "../../lib/version.ts";
import type { EndedSpan } from "./span.ts";

/** Spans that wait at most: about 20 MB. What comes when there is no more room is dropped and counted. */
const longestQueue = 16_384;
/** Spans sent at once. */
const batchSize = 1_024;
/** How long a span waits for others to be sent with. */
const delayMs = 1_000;
/** How long a batch is tried, with growing pauses, before it is dropped. */
const exportMs = 20_000;
/** How long the end of a process waits for the last ones. */
const flushMs = 2_000;
/** That spans are dropped is told at once, and then this often at most. */
const tellAgainMs = 60_000;

/** Where spans go. */
export interface SenderOptions {
  /** `http(s)://HOST[:PORT][/PATH]`; `/v1/traces` is added when there is no path. */
  readonly endpoint: string;
  readonly token?: Secret;
  /** Told of spans that are dropped. */
  readonly log: Log;
}

/**
 * Sends spans by OTLP over HTTP, in batches and beside the work: nobody waits for it. Spans that an endpoint does not take in time are
 * dropped.
 */
export class SpanSender implements AsyncDisposable {
  readonly #processor: BatchSpanProcessor;
  readonly #log: Log;
  readonly #shared: Pick<ReadableSpan, "resource" | "instrumentationScope">;
  readonly #endpoint: string;
  #waiting = 0;
  #dropped = 0;
  #untold = 0;
  #toldAt = -Infinity;

  constructor({ endpoint, token, log }: SenderOptions) {
    this.#endpoint = urlOf(endpoint);
    this.#log = log;
    this.#shared = {
      resource: resourceFromAttributes({
        "service.name": "mahavishnu",
        "service.version": version,
        "service.instance.id": randomUUID(),
        "host.name": hostname(),
        "process.pid": process.pid,
      }),
      instrumentationScope: { name: "mahavishnu", version },
    };
    const exporter = new OTLPTraceExporter({
      url: this.#endpoint,
      headers: token === undefined ? {} : { Authorization: `Bearer ${token.reveal()}` },
      timeoutMillis: exportMs,
    });
    this.#processor = new BatchSpanProcessor({
      exporter: this.#watch(exporter),
      maxQueueSize: longestQueue,
      maxExportBatchSize: batchSize,
      scheduledDelayMillis: delayMs,
      exportTimeoutMillis: exportMs + 1_000,
    });
  }

  /** How many were dropped so far. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Never throws, never waits. */
  send(span: EndedSpan): void {
    if (this.#waiting >= longestQueue) {
      this.#drop(1, "the endpoint is too slow");
      return;
    }
    this.#waiting += 1;
    this.#processor.onEnd(formSpan(span, this.#shared));
  }

  /** Sends what waits, for 2 s at most. */
  async [Symbol.asyncDispose](): Promise<void> {
    const limit = Promise.withResolvers<"late">();
    const timer = setTimeout(() => limit.resolve("late"), flushMs);
    // What failed has been counted already.
    const flushed = this.#processor.shutdown().catch(() => undefined);
    await Promise.race([flushed, limit.promise]);
    clearTimeout(timer);
    if (this.#waiting > 0) this.#drop(this.#waiting, `the endpoint did not take them within ${flushMs} ms at the end`);
    this.#tell("spans were dropped");
  }

  /** Counts what leaves the queue, and what did not get through. */
  #watch(exporter: OTLPTraceExporter): SpanExporter {
    return {
      export: (spans, done) => {
        exporter.export(spans, (result) => {
          this.#waiting -= spans.length;
          if (result.error !== undefined) this.#drop(spans.length, result.error.message);
          done(result);
        });
      },
      shutdown: () => exporter.shutdown(),
      forceFlush: () => exporter.forceFlush(),
    };
  }

  #drop(count: number, reason: string): void {
    this.#dropped += count;
    this.#untold += count;
    if (performance.now() - this.#toldAt >= tellAgainMs) this.#tell(reason);
  }

  #tell(reason: string): void {
    if (this.#untold === 0) return;
    this.#log.warn("spans are dropped", { endpoint: this.#endpoint, spans: this.#untold, reason });
    this.#untold = 0;
    this.#toldAt = performance.now();
  }
}

/** The address that spans are sent to. */
function urlOf(endpoint: string): string {
  const url = new URL(endpoint);
  if (url.pathname === "/") url.pathname = "/v1/traces";
  return url.href;
}

function formSpan(span: EndedSpan, shared: Pick<ReadableSpan, "resource" | "instrumentationScope">): ReadableSpan {
  const { traceId, parentId, isParentRemote = false, error } = span;
  const contextOf = (spanId: string, isRemote: boolean): SpanContext => ({
    traceId,
    spanId,
    traceFlags: TraceFlags.SAMPLED,
    isRemote,
  });
  const context = contextOf(span.spanId, false);
  // Two clocks, or a clock that was set back, must not give a span that ends before it begins.
  const end = Math.max(span.start, span.end);
  return {
    ...shared,
    name: span.name,
    kind: kinds[span.kind],
    spanContext: () => context,
    ...(parentId === null ? {} : { parentSpanContext: contextOf(parentId, isParentRemote) }),
    startTime: hrTime(span.start),
    endTime: hrTime(end),
    duration: hrTime(end - span.start),
    status: error === null ? { code: SpanStatusCode.UNSET } : { code: SpanStatusCode.ERROR, message: error },
    attributes: definedOf(span.attributes),
    links: [],
    events: (span.events ?? []).map(({ name, time }) => ({ name, time: hrTime(time) })),
    ended: true,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

const kinds = { internal: SpanKind.INTERNAL, server: SpanKind.SERVER, client: SpanKind.CLIENT } as const;

function definedOf(attributes: EndedSpan["attributes"]): Attributes {
  const defined: Attributes = {};
  for (const name in attributes) if (attributes[name] !== undefined) defined[name] = attributes[name];
  return defined;
}

/** Seconds and nanoseconds. */
function hrTime(ms: number): HrTime {
  const seconds = Math.floor(ms / 1_000);
  return [seconds, Math.round((ms - seconds * 1_000) * 1e6)];
}

import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import protobuf from "protobufjs";

/** A span as it came over the wire. */
export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** Empty at the root. */
  readonly parentId: string;
  readonly name: string;
  /** `SPAN_KIND_INTERNAL` and so on. */
  readonly kind: string;
  /** Milliseconds since 1970. */
  readonly start: number;
  readonly end: number;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly events: readonly string[];
  /** `STATUS_CODE_ERROR` and so on. */
  readonly status: string;
  readonly message: string;
  /** Of the process that sent it. */
  readonly resource: Readonly<Record<string, unknown>>;
}

/** For tests: who takes spans by OTLP over HTTP and reads them with the official types of OpenTelemetry. */
export interface OtlpReceiver extends AsyncDisposable {
  /** Without a path. */
  readonly endpoint: string;
  readonly spans: readonly ReceivedSpan[];
  readonly requests: readonly { readonly path: string; readonly headers: IncomingHttpHeaders }[];
  /** Answers as told, instead of taking what is sent, until it is told null. */
  answerWith(answer: ((response: ServerResponse) => void) | null): void;
}

/** The parts of `ExportTraceServiceRequest` that are looked at; see `test/support/otlp`, which is opentelemetry-proto of August 2026. */
interface Request {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly KeyValue[] };
    readonly scopeSpans: readonly {
      readonly spans: readonly {
        readonly traceId: Uint8Array;
        readonly spanId: Uint8Array;
        readonly parentSpanId: Uint8Array;
        readonly name: string;
        readonly kind: string;
        readonly startTimeUnixNano: string;
        readonly endTimeUnixNano: string;
        readonly attributes: readonly KeyValue[];
        readonly events: readonly { readonly name: string }[];
        readonly status: { readonly code: string; readonly message: string };
      }[];
    }[];
  }[];
}

interface KeyValue {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

/** Starts one at a port of this machine that is free. */
export async function startOtlpReceiver(port: number = 0): Promise<OtlpReceiver> {
  const type = loadRequestType();
  const spans: ReceivedSpan[] = [];
  const requests: { path: string; headers: IncomingHttpHeaders }[] = [];
  let answer: ((response: ServerResponse) => void) | null = null;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      requests.push({ path: request.url ?? "", headers: request.headers });
      if (answer !== null) {
        answer(response);
        return;
      }
      spans.push(...readSpans(type, Buffer.concat(chunks)));
      response.writeHead(200, { "content-type": "application/x-protobuf" }).end();
    });
  }).listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    requests,
    answerWith: (given) => {
      answer = given;
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function loadRequestType(): protobuf.Type {
  const root = new protobuf.Root();
  root.resolvePath = (_, path) => join(import.meta.dirname, "otlp", path);
  root.loadSync("opentelemetry/proto/collector/trace/v1/trace_service.proto");
  return root.lookupType("opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest");
}

function readSpans(type: protobuf.Type, body: Uint8Array): ReceivedSpan[] {
  const options = { longs: String, enums: String, defaults: true, arrays: true };
  const { resourceSpans } = type.toObject(type.decode(body), options) as Request;
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap((scope) =>
      scope.spans.map((span) => ({
        traceId: Buffer.from(span.traceId).toString("hex"),
        spanId: Buffer.from(span.spanId).toString("hex"),
        parentId: Buffer.from(span.parentSpanId).toString("hex"),
        name: span.name,
        kind: span.kind,
        start: Number(BigInt(span.startTimeUnixNano) / 1_000n) / 1_000,
        end: Number(BigInt(span.endTimeUnixNano) / 1_000n) / 1_000,
        attributes: valuesOf(span.attributes),
        events: span.events.map(({ name }) => name),
        status: span.status.code,
        message: span.status.message,
        resource: valuesOf(resource.attributes),
      })),
    ),
  );
}

/** A value is one of several kinds; numbers come as text. */
function valuesOf(attributes: readonly KeyValue[]): Record<string, unknown> {
  return Object.fromEntries(
    attributes.map(({ key, value }) => {
      const [kind, given] = Object.entries(value).find(([name]) => name.endsWith("Value")) ?? ["", null];
      return [key, kind === "intValue" ? Number(given) : given];
    }),
  );
}

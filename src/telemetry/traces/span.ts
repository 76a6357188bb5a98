/** What a span tells besides its name and times. */
export type SpanAttributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** A span that has ended, before it takes the form of the OpenTelemetry SDK. */
export interface EndedSpan {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 of them. */
  readonly spanId: string;
  /** Null for the root of a trace. */
  readonly parentId: string | null;
  /** The parent belongs to somebody else, who asked for the run. */
  readonly isParentRemote?: boolean;
  readonly name: string;
  /** `server` for what was asked for from outside, `client` for what is asked of another program. */
  readonly kind: "internal" | "server" | "client";
  /** Milliseconds since 1970, with fractions. */
  readonly start: number;
  readonly end: number;
  /** What went wrong; null when nothing did. */
  readonly error: string | null;
  readonly attributes: SpanAttributes;
  readonly events?: readonly { readonly name: string; readonly time: number }[];
}

import * as z from "zod";
import type { AppContext } from "../../app/app-context.ts";
import { perform } from "../../app/perform.ts";
import type { UseCase } from "../../app/use-case.ts";

/** Methods of the API: GET reads, POST does, DELETE takes away. */
export type Method = "GET" | "POST" | "DELETE";

/** What is asked: keys, or one of several sets of keys, which then stand in a body. */
export type Shape = z.ZodObject | z.ZodUnion<readonly z.ZodObject[]>;

/** How one use-case is asked over HTTP. */
export interface OperationDefinition<Input, Output> {
  readonly useCase: UseCase<Input, Output>;
  readonly method: Method;
  /** With the names of what stands in it: `/v1/runs/{id}`. */
  readonly path: string;
  /** One line for the document. */
  readonly summary: string;
  /**
   * Everything that is asked. Keys of the path are taken from there, `idempotencyKey` from its header; the others are the query of a GET
   * or DELETE and the body of a POST.
   */
  readonly input: Shape;
  /** What is answered; of a stream the data of one event. */
  readonly output: z.ZodType;
  /** 200 when left out. 202: it goes on after the answer. */
  readonly status?: 200 | 201 | 202;
  /** Where what was begun or made is to be found. */
  readonly location?: (output: Output) => string;
  /** What of the output is told; all of it when left out. */
  readonly tell?: (output: Output) => unknown;
  /** Reads what is changed as a GET shows it, for callers who say which state of it they have seen (`If-Match`). */
  readonly seen?: (context: AppContext, input: Input) => Promise<unknown>;
}

/** How a use-case whose output comes piece by piece is asked: as server-sent events. */
export interface StreamDefinition<Input, Item> extends Omit<
  OperationDefinition<Input, AsyncIterable<Item>>,
  "method" | "status" | "location" | "tell" | "seen"
> {
  /** What a piece is as an event; with an id from which a broken stream can be gone on with. */
  readonly frame: (item: Item) => Frame;
  /** What an event's id looks like. */
  readonly eventId: z.ZodString;
  /** Takes the id of the last event that came into the input. */
  readonly resume: (id: string) => object;
  /** Names of the events with the shape of their data. */
  readonly events: Readonly<Record<string, z.ZodType>>;
}

/** One server-sent event. */
export interface Frame {
  readonly event: string;
  readonly id?: string;
  readonly data: unknown;
}

/** The parts of a request in which an input stands. */
export interface InputParts {
  readonly params: z.ZodObject | undefined;
  readonly query: z.ZodObject;
  /** By their names as the document has them. */
  readonly headers: z.ZodObject;
  readonly body: Shape | undefined;
  readonly takesIdempotencyKey: boolean;
}

/** One route of the API: a use-case and how it is asked. */
export interface Operation {
  /** The name of the use-case. */
  readonly id: string;
  readonly permission: string;
  readonly method: Method;
  readonly path: string;
  readonly tag: string;
  readonly summary: string;
  readonly parts: InputParts;
  readonly input: Shape;
  readonly output: z.ZodType;
  readonly status: 200 | 201 | 202;
  readonly hasLocation: boolean;
  /** Names and shapes of events; null for an answer that comes whole. */
  readonly events: Readonly<Record<string, z.ZodType>> | null;
  /** Asks the use-case. The input has been validated against the shapes. */
  answer(context: AppContext, input: object): Promise<Answer>;
  /** What is changed, as a GET shows it; null when nothing is. */
  readonly seen: ((context: AppContext, input: object) => Promise<unknown>) | null;
  /** The part of a stream's input that an event id stands for. */
  resume(id: string): object;
}

/** What is answered. */
export interface Answer {
  readonly location?: string;
  readonly body?: unknown;
  readonly frames?: AsyncIterable<Frame>;
}

/** A route for a use-case that answers at once. */
export function operation<Input, Output>(tag: string, definition: OperationDefinition<Input, Output>): Operation {
  const { useCase, tell = (output) => output, location, status = 200, seen } = definition;
  return {
    ...describe(tag, definition),
    method: definition.method,
    parts: splitInput(definition),
    status,
    hasLocation: location !== undefined,
    events: null,
    answer: async (context, input) => {
      const output = await perform(context, useCase, input as Input);
      return { body: tell(output), ...(location === undefined ? {} : { location: location(output) }) };
    },
    seen: seen === undefined ? null : async (context, input) => await seen(context, input as Input),
    resume: () => ({}),
  };
}

/** A route for a use-case whose output is a stream. */
export function stream<Input, Item>(tag: string, definition: StreamDefinition<Input, Item>): Operation {
  const { useCase, frame, events, resume } = definition;
  return {
    ...describe(tag, definition),
    method: "GET",
    parts: splitInput({ ...definition, method: "GET" }),
    status: 200,
    hasLocation: false,
    events,
    answer: async (context, input) => ({ frames: mapItems(await perform(context, useCase, input as Input), frame) }),
    seen: null,
    resume,
  };
}

function describe<Input, Output>(
  tag: string,
  { useCase, path, summary, input, output }: Omit<OperationDefinition<Input, Output>, "method">,
) {
  return { id: useCase.name, permission: useCase.permission, tag, path, summary, input, output };
}

async function* mapItems<Item>(items: AsyncIterable<Item>, frame: (item: Item) => Frame): AsyncGenerator<Frame> {
  for await (const item of items) yield frame(item);
}

const idempotencyKey = z
  .string()
  .min(1)
  .max(200)
  .describe("Asked again with the same key, nothing new is begun and the first answer is given.");

const ifMatch = z
  .string()
  .max(1000)
  .describe("The ETag of what the caller has seen: refused with 412 when it has changed since.");

const lastEvent = "The id of the last event that came: the stream goes on behind it.";

/** Puts each key of an input where it stands in a request. */
function splitInput({ path, method, input, seen, eventId }: Splitting): InputParts {
  const ownHeaders = {
    ...(seen === undefined ? {} : { "If-Match": ifMatch.optional() }),
    ...(eventId === undefined ? {} : { "Last-Event-ID": eventId.describe(lastEvent).optional() }),
  };
  const none = z.strictObject({});
  if (input instanceof z.ZodUnion) {
    const headers = z.strictObject(ownHeaders);
    return { params: undefined, query: none, headers, body: input, takesIdempotencyKey: false };
  }
  const inPath = new Set([...path.matchAll(/\{(\w+)\}/g)].map(([, key = ""]) => key));
  const entries = Object.entries(input.shape);
  const takesIdempotencyKey = entries.some(([key]) => key === "idempotencyKey");
  const params = entries.filter(([key]) => inPath.has(key));
  const rest = z.strictObject(
    Object.fromEntries(entries.filter(([key]) => !inPath.has(key) && key !== "idempotencyKey")),
  );
  return {
    params: params.length === 0 ? undefined : z.strictObject(Object.fromEntries(params)),
    query: method === "POST" ? none : rest,
    headers: z.strictObject({
      ...(takesIdempotencyKey ? { "Idempotency-Key": idempotencyKey.optional() } : {}),
      ...ownHeaders,
    }),
    body: method === "POST" ? rest : undefined,
    takesIdempotencyKey,
  };
}

/** What says where the parts of an input stand. */
interface Splitting extends Pick<OperationDefinition<never, never>, "path" | "method" | "input"> {
  readonly seen?: unknown;
  readonly eventId?: z.ZodString;
}

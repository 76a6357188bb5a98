import { MahavishnuError } from "../lib/errors.ts";
import { type Connection, send } from "./connection.ts";
import { calls, type Inputs, type Outputs } from "./generated/api.ts";
import { followStream } from "./server-events.ts";

/** The name of an operation of the API. */
export type OperationId = keyof Inputs & keyof Outputs;

/**
 * Asks one operation of a server.
 *
 * @throws MahavishnuError SERVER_UNREACHABLE, SERVER_ANSWER, or what the server says.
 * @example
 * const { items } = await callServer(connection, "listRuns", { limit: 20 });
 */
export async function callServer<Id extends OperationId>(
  connection: Connection,
  id: Id,
  input: Inputs[Id],
): Promise<Outputs[Id]> {
  const { method, body, takesIdempotencyKey } = calls[id];
  const values: Readonly<Record<string, unknown>> = { ...input };
  const { idempotencyKey } = values as { readonly idempotencyKey?: string };
  const response = await send(connection, {
    method,
    path: addressOf(id, values),
    ...(takesIdempotencyKey && idempotencyKey !== undefined ? { headers: { "idempotency-key": idempotencyKey } } : {}),
    ...(body === null ? {} : { body: pick(values, body) }),
  });
  try {
    return (await response.json()) as Outputs[Id];
  } catch (error) {
    connection.signal.throwIfAborted();
    throw new MahavishnuError("SERVER_ANSWER", `${connection.url.origin} gave an answer that is no JSON`, {
      cause: error,
    });
  }
}

/** Follows a stream of a server; see `followStream`. */
export async function* followServer<Id extends OperationId>(
  connection: Connection,
  id: Id,
  input: Inputs[Id],
): AsyncGenerator<{ readonly event: string; readonly id: string; readonly data: unknown }> {
  for await (const { event, id: eventId, data } of followStream(connection, addressOf(id, { ...input }))) {
    yield { event, id: eventId, data: JSON.parse(data) as unknown };
  }
}

function addressOf(id: OperationId, values: Readonly<Record<string, unknown>>): string {
  const { path, query } = calls[id];
  const address = path.replaceAll(/\{(\w+)\}/g, (_whole, key: string) => encodeURIComponent(String(values[key])));
  const search = new URLSearchParams();
  for (const key of query) {
    const value = values[key];
    const list: readonly unknown[] = Array.isArray(value) ? value : [value];
    for (const each of list) if (each !== undefined) search.append(key, textOf(each));
  }
  return search.size === 0 ? address : `${address}?${search.toString()}`;
}

/** A value of a query; all of them are texts, numbers or yes and no. */
function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function pick(values: Readonly<Record<string, unknown>>, keys: readonly string[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(keys.filter((key) => values[key] !== undefined).map((key) => [key, values[key]] as const));
}

import { messageOf } from "./errors.ts";

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: "the connection was refused",
  ECONNRESET: "the connection was broken",
  ENOTFOUND: "the name is not known",
  EAI_AGAIN: "the name cannot be resolved now",
  ETIMEDOUT: "the connection took too long",
  EHOSTUNREACH: "the host cannot be reached",
  ENETUNREACH: "the network cannot be reached",
};

/**
 * Why another machine gave no answer, in words.
 *
 * @example
 * describeNoAnswer(Object.assign(new Error("connect"), { code: "ECONNREFUSED" })); // "the connection was refused"
 */
export function describeNoAnswer(error: unknown): string {
  // Several addresses were tried: the first failure says enough.
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
  return reasons[(first as NodeJS.ErrnoException).code ?? ""] ?? messageOf(first);
}

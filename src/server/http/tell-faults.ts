import type { FastifyInstance } from "fastify";
import { MahavishnuError } from "../../lib/errors.ts";

/** Frames of a stack that are told: where it happened, and who asked for it. */
const mostFrames = 5;

/**
 * Tells in one line of each request that fails by a fault of the server itself, with its id: the caller hears only that it happened.
 * What the product foresaw is told to the caller, and who has gone has made no fault.
 */
export function tellFaults(server: FastifyInstance, say: (line: string) => void): void {
  server.addHook("onError", async ({ id }, { raw }, error) => {
    const { statusCode = 500 } = error as { readonly statusCode?: number };
    if (error instanceof MahavishnuError || statusCode < 500 || raw.destroyed) return;
    const lines = (error.stack ?? error.message).split("\n").slice(0, mostFrames + 1);
    say(`request ${id} failed: ${lines.map((line) => line.trim()).join(" ")}`);
  });
}

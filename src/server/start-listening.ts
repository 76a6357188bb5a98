import type { AddressInfo } from "node:net";
import type { FastifyInstance } from "fastify";
import { MahavishnuError, messageOf } from "../lib/errors.ts";

/** What keeps a server from listening, and what mends it. */
const reasons: Readonly<Record<string, { readonly message: string; readonly fix: string }>> = {
  EADDRINUSE: {
    message: "something else listens there already",
    fix: "Stop that, or set server.port to another port; 0 takes a free one.",
  },
  EACCES: {
    message: "this user may not listen there",
    fix: "Set server.port to a port from 1024 on, or let a proxy listen at the lower one.",
  },
  EADDRNOTAVAIL: {
    message: "this machine has no such address",
    fix: "Set server.host to an address of this machine; 127.0.0.1 always is one.",
  },
};

/**
 * Begins to listen.
 *
 * @returns the port, which the system has chosen when 0 was asked for
 * @throws MahavishnuError SERVER_REFUSED
 */
export async function startListening(
  http: FastifyInstance,
  { address, port }: { readonly address: string; readonly port: number },
): Promise<number> {
  try {
    await http.listen({ host: address, port });
    return (http.server.address() as AddressInfo).port;
  } catch (error) {
    const { message, fix } = reasons[(error as NodeJS.ErrnoException).code ?? ""] ?? {
      message: messageOf(error),
      fix: "Set server.host and server.port to a place where this machine can listen.",
    };
    const place = `${address.includes(":") ? `[${address}]` : address}:${port}`;
    throw new MahavishnuError("SERVER_REFUSED", `cannot listen at ${place}: ${message}`, { fix, cause: error });
  }
}

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

/** Where to listen, by what the configuration says and has been judged by; or the socket there that was handed over. */
export interface ListenRequest {
  readonly address: string;
  readonly port: number;
  /** Its descriptor; null when this process opens one itself. */
  readonly inherited: number | null;
}

/**
 * Begins to listen.
 *
 * @returns the port, which the system has chosen when 0 was asked for
 * @throws MahavishnuError SERVER_REFUSED
 */
export async function startListening(http: FastifyInstance, request: ListenRequest): Promise<number> {
  const { address, port, inherited } = request;
  try {
    if (inherited === null) await http.listen({ host: address, port });
    else await listenAt(http, inherited);
  } catch (error) {
    const { message, fix } = reasons[(error as NodeJS.ErrnoException).code ?? ""] ?? {
      message: messageOf(error),
      fix: "Set server.host and server.port to a place where this machine can listen.",
    };
    const place = inherited === null ? nameOf(address, port) : "the socket that was handed over";
    throw new MahavishnuError("SERVER_REFUSED", `cannot listen at ${place}: ${message}`, { fix, cause: error });
  }
  const taken = http.server.address() as AddressInfo;
  if (inherited !== null && (taken.address !== address || (port !== 0 && taken.port !== port))) {
    await http.close();
    const message = `the socket that was handed over listens at ${nameOf(taken.address, taken.port)}, and the configuration says ${nameOf(address, port)}`;
    throw new MahavishnuError("SERVER_REFUSED", message, {
      fix: "Give the socket unit the address and port of server.host and server.port.",
    });
  }
  return taken.port;
}

/** Fastify opens sockets and takes none. */
async function listenAt(http: FastifyInstance, fd: number): Promise<void> {
  await http.ready();
  await new Promise<void>((resolve, reject) => {
    http.server.once("error", reject);
    http.server.listen({ fd }, () => {
      http.server.off("error", reject);
      resolve();
    });
  });
}

function nameOf(address: string, port: number): string {
  return `${address.includes(":") ? `[${address}]` : address}:${port}`;
}

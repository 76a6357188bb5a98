import { lookup } from "node:dns/promises";
import { BlockList, isIP } from "node:net";
import type { AppContext } from "../app/app-context.ts";
import { MahavishnuError, messageOf } from "../lib/errors.ts";

/** Where a server listens. */
export interface ListenPlace {
  /** An address, never a name: what was judged is what is listened at. */
  readonly address: string;
  /** Whether only this machine can connect. */
  readonly isLoopback: boolean;
}

/**
 * Where a server may listen, by what its configuration says: on an address that other machines can reach, only with authentication and
 * TLS. Behind a proxy whoever asks comes from there, so that a loopback address alone says nothing of who they are.
 *
 * @throws MahavishnuError SERVER_REFUSED
 */
export async function choosePlace({ loaded }: Pick<AppContext, "loaded">): Promise<ListenPlace> {
  const { server, auth } = loaded.config;
  const { tlsCert, tlsKey } = loaded.paths;
  if ((tlsCert === undefined) !== (tlsKey === undefined)) {
    throw new MahavishnuError("SERVER_REFUSED", "server.tls needs both cert and key", { fix: "Name both files." });
  }
  if (server.trustProxy.length > 0 && !auth.enabled) {
    throw new MahavishnuError(
      "SERVER_REFUSED",
      "server.trustProxy says that others come over a proxy, and that needs auth.enabled: true",
      {
        fix: "Set auth.enabled: true, or leave server.trustProxy out.",
      },
    );
  }
  const address = await resolveHost(server.host);
  if (isLoopback(address)) return { address, isLoopback: true };
  const missing = [...(auth.enabled ? [] : ["auth.enabled: true"]), ...(tlsCert === undefined ? ["server.tls"] : [])];
  if (missing.length === 0) return { address, isLoopback: false };
  const where = address === server.host ? address : `${server.host} (${address})`;
  throw new MahavishnuError(
    "SERVER_REFUSED",
    `server.host ${where} can be reached from other machines, and that needs ${missing.join(" and ")}`,
    { fix: `Set ${missing.join(" and ")}, or listen at 127.0.0.1.` },
  );
}

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

/** Whether an address can be reached from this machine alone; a name is not asked for. */
export function isLoopback(address: string): boolean {
  const version = isIP(address);
  return version !== 0 && loopback.check(address, version === 6 ? "ipv6" : "ipv4");
}

/** A name may lead anywhere: what it leads to now is what counts. Of several addresses the first, IPv4 before IPv6. */
async function resolveHost(host: string): Promise<string> {
  if (isIP(host) !== 0) return host;
  try {
    return (await lookup(host, { order: "ipv4first" })).address;
  } catch (error) {
    throw new MahavishnuError("SERVER_REFUSED", `server.host ${host} leads nowhere: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

import type { AppContext } from "../app/app-context.ts";
import { MahavishnuError } from "../lib/errors.ts";

/** Where a server may listen, by what its configuration says. @throws MahavishnuError SERVER_REFUSED */
export function refuseUnsafe({ loaded }: AppContext): void {
  const { server, auth } = loaded.config;
  const { tlsCert, tlsKey } = loaded.paths;
  if ((tlsCert === undefined) !== (tlsKey === undefined)) {
    throw new MahavishnuError("SERVER_REFUSED", "server.tls needs both cert and key", { fix: "Name both files." });
  }
  if (isLoopback(server.host)) return;
  const missing = [...(auth.enabled ? [] : ["auth.enabled: true"]), ...(tlsCert === undefined ? ["server.tls"] : [])];
  if (missing.length === 0) return;
  throw new MahavishnuError(
    "SERVER_REFUSED",
    `server.host ${server.host} can be reached from other machines, and that needs ${missing.join(" and ")}`,
    { fix: `Set ${missing.join(" and ")}, or listen at 127.0.0.1.` },
  );
}

/** Whether an address can be reached from this machine alone. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(?:\.\d{1,3}){3}$/.test(host);
}

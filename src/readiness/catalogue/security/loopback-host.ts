import { isIP } from "node:net";

/**
 * Whether a configured host can be reached from this machine alone. A name but `localhost` counts as one that leads elsewhere: where it
 * leads today says nothing about tomorrow.
 */
export function isLoopbackHost(host: string): boolean {
  if (host.toLowerCase() === "localhost" || host === "::1") return true;
  return isIP(host) === 4 && host.startsWith("127.");
}

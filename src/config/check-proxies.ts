import type { PlacedExplanation } from "./check-access.ts";
import type { Config } from "./schema.ts";

/** Entries of `server.trustProxy` that look like an address of IPv6 and are none: the pattern of the key cannot tell. */
export function checkProxies({ server }: Config): PlacedExplanation[] {
  const owner = ["server", "trustProxy"];
  return server.trustProxy.flatMap((entry, index): PlacedExplanation[] => {
    const [address = ""] = entry.split("/");
    if (!address.includes(":") || URL.canParse(`http://[${address}]`)) return [];
    return [{ kind: "value", path: [...owner, index], at: "value", message: `${address} is no IPv6 address`, owner }];
  });
}

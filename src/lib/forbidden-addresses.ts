import { lookup, type LookupAddress, type LookupAllOptions } from "node:dns";
import { BlockList, isIP, type LookupFunction } from "node:net";

/** An address that nothing here talks to, by a URL or behind a name. */
export class ForbiddenAddressError extends Error {
  override readonly name = "ForbiddenAddressError";

  constructor(host: string, address: string) {
    const where = host === address ? host : `${host} (${address})`;
    super(`${where} is link-local or a metadata service of a cloud`);
  }
}

/**
 * IPv4 networks that nothing may talk to whose URL comes from a user. They hand out credentials of the machine to whoever asks from
 * it, and a workflow whose URL comes from an input must not be made to ask.
 */
const forbidden4: readonly (readonly [address: string, prefix: number, what: string])[] = [
  ["169.254.0.0", 16, "link-local, and the metadata service of most clouds"],
  ["100.100.100.200", 32, "metadata service of Alibaba Cloud"],
  ["168.63.129.16", 32, "platform service of Azure"],
  ["192.0.0.192", 32, "metadata service of Oracle Cloud"],
];

const forbidden6: readonly (readonly [address: string, prefix: number])[] = [
  // Link-local; OpenStack has its metadata there.
  ["fe80::", 10],
  // What AWS has for its machines: metadata, credentials of pods, and the like.
  ["fd00:ec2::", 32],
  // Metadata services of Google, Oracle Cloud and Scaleway.
  ["fd20:ce::254", 128],
  ["fd00:c1::a9fe:a9fe", 128],
  ["fd00:42::42", 128],
];

/** Prefixes of IPv6 that carry an IPv4 address: NAT64, 6to4, the old compatible form and the translated one. Mapped ones are known to Node. */
const carriers: readonly (readonly [form: (high: string, low: string) => string, offset: number])[] = [
  [(high, low) => `64:ff9b::${high}:${low}`, 96],
  [(high, low) => `64:ff9b:1::${high}:${low}`, 96],
  [(high, low) => `2002:${high}:${low}::`, 16],
  [(high, low) => `::${high}:${low}`, 96],
  [(high, low) => `::ffff:0:${high}:${low}`, 96],
];

const blocked = makeBlockList();

function makeBlockList(): BlockList {
  const list = new BlockList();
  for (const [address, prefix] of forbidden4) {
    list.addSubnet(address, prefix, "ipv4");
    const [a = 0, b = 0, c = 0, d = 0] = address.split(".").map(Number);
    const [high, low] = [(a * 256 + b).toString(16), (c * 256 + d).toString(16)];
    for (const [form, offset] of carriers) list.addSubnet(form(high, low), offset + prefix, "ipv6");
  }
  for (const [address, prefix] of forbidden6) list.addSubnet(address, prefix, "ipv6");
  return list;
}

/** Whether an IP address is link-local or of a metadata service, in any of its writings. */
export function isForbiddenAddress(address: string): boolean {
  const plain = address.split("%", 1)[0] ?? "";
  const version = isIP(plain);
  return version !== 0 && blocked.check(plain, version === 6 ? "ipv6" : "ipv4");
}

/** @throws ForbiddenAddressError when a URL's host is a forbidden address. Names are checked when they are resolved. */
export function refuseForbiddenHost(url: URL): void {
  const host = url.hostname.replace(/^\[|\]$/g, "");
  if (isForbiddenAddress(host)) throw new ForbiddenAddressError(url.hostname, host);
}

/**
 * Resolves a name, and refuses it when any of its addresses is forbidden: the check and the connection see the same answer, so that
 * a name which is somewhere else a moment later (DNS rebinding) gains nothing.
 *
 * @param resolve asks for the addresses; the resolver of the system, but for tests
 */
export function makeAllowedLookup(
  resolve: (hostname: string, options: LookupAllOptions, callback: Resolved) => void,
): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, [], 0);
      const found = addresses.find(({ address }) => isForbiddenAddress(address));
      if (found !== undefined) return callback(new ForbiddenAddressError(hostname, found.address), [], 0);
      const [first] = addresses;
      if (options.all === true || first === undefined) return callback(null, addresses);
      callback(null, first.address, first.family);
    });
  };
}

/** What a resolver tells. */
type Resolved = (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void;

/** The lookup of every connection whose address comes from a user. */
export const lookupAllowed: LookupFunction = makeAllowedLookup(lookup);

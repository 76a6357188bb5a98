import { isIPv6 } from "node:net";

/**
 * Whom an address stands for when requests are counted: of IPv6 the network (/64), since one machine has all of its addresses; an IPv4
 * address that is written as IPv6 is that address.
 *
 * @example
 * addressKey("2001:db8::1"); // "2001:db8:0:0"
 * addressKey("::ffff:10.0.0.9"); // "10.0.0.9"
 */
export function addressKey(address: string): string {
  const mapped = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  const plain = address.split("%", 1)[0] ?? "";
  if (!isIPv6(plain)) return address;
  // The URL parser writes each address in one way only.
  const [left = "", right] = new URL(`http://[${plain}]`).hostname.slice(1, -1).split("::");
  const first = left.split(":").filter(Boolean);
  const last = (right ?? "").split(":").filter(Boolean);
  const zeros = right === undefined ? 0 : 8 - first.length - last.length;
  return [...first, ...Array.from({ length: zeros }, () => "0"), ...last].slice(0, 4).join(":");
}

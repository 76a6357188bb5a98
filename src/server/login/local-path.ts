const origin = "http://own.invalid";
const maxLength = 1_000;

/**
 * A path of this server that a browser may be sent to after a sign-in, as it would read it; null for what is none, or leads elsewhere.
 *
 * @example
 * readLocalPath("/v1/runs?limit=5"); // "/v1/runs?limit=5"
 * readLocalPath("//evil.test"); // null
 */
export function readLocalPath(text: unknown): string | null {
  if (typeof text !== "string" || text.length > maxLength || !/^\/[\x21-\x7e]*$/.test(text)) return null;
  // A browser takes a backslash for a slash, and two slashes for the name of a host.
  if (text.includes("\\")) return null;
  const url = URL.parse(text, origin);
  if (url === null || url.origin !== origin) return null;
  const path = `${url.pathname}${url.search}${url.hash}`;
  // `/.//host` becomes `//host` when it is read.
  if (path.startsWith("//")) return null;
  // From there it would go round in a circle.
  return /^\/log(?:in|out)(?:[/?#]|$)/.test(path) ? null : path;
}

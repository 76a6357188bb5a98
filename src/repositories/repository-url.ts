/** Transports that git speaks by itself or over ssh. All others run a helper that the URL names. */
const transports = ["https", "http", "ssh", "git", "file", "git+ssh", "ssh+git"];

/**
 * What is wrong with the URL of a repository, or null. Git starts programs for some URLs (`ext::`, unknown transports)
 * and reads others as options, so only plain ones pass.
 *
 * @example
 * findUrlProblem("ext::sh -c id"); // "ext:: makes git run a command"
 */
export function findUrlProblem(url: string): string | null {
  // oxlint-disable-next-line no-control-regex
  if (url.trim() !== url || url === "" || /[\u0000-\u001F\u007F]/.test(url))
    return "a URL is one line without spaces around it";
  if (url.startsWith("-")) return 'git would read a URL that starts with "-" as an option';
  const helper = /^([A-Za-z0-9+.-]+)::/.exec(url)?.[1];
  if (helper !== undefined) return `${helper}:: makes git run a command`;
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):\/\//.exec(url)?.[1];
  if (scheme === undefined) return findShortFormProblem(url);
  if (!transports.includes(scheme.toLowerCase())) {
    return `${scheme}:// is not a transport that is allowed (${transports.slice(0, 5).join(", ")})`;
  }
  const authority = url.slice(scheme.length + 3).split("/", 1)[0] ?? "";
  if (authority.split("@").some((part) => part.startsWith("-")))
    return 'a host or user that starts with "-" would be read as an option of ssh';
  return null;
}

/** `git@host:path`, or a folder on this machine. */
function findShortFormProblem(url: string): string | null {
  const remote = /^([^/]+?):(.*)$/.exec(url);
  if (remote === null) return null;
  const [, host = "", path = ""] = remote;
  if (host.split("@").some((part) => part.startsWith("-")))
    return 'a host or user that starts with "-" would be read as an option of ssh';
  return path.startsWith("-") ? 'a path that starts with "-" would be read as an option' : null;
}

/** The URL without its password or token, to be shown. */
export function redactUrl(url: string): string {
  return url.replace(/^(https?:\/\/)[^/]*@/i, "$1***@").replace(/^([a-z+]+:\/\/[^/:@]*):[^/]*@/i, "$1:***@");
}

/** True when the URL carries a password or a token in plain text. */
export function holdsSecret(url: string): boolean {
  return redactUrl(url) !== url;
}

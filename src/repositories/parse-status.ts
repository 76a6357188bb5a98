/** What `git status --porcelain=v2 --branch -z` says. */
export interface Status {
  /** Null in a repository without commits. */
  readonly head: string | null;
  /** Null when detached. */
  readonly branch: string | null;
  readonly upstream: string | null;
  readonly ahead: number;
  readonly behind: number;
  /** Changed, staged, unmerged and untracked paths; a rename counts once. */
  readonly changed: number;
}

const nul = 0;
const hash = 0x23;
const renamed = 0x32;
/** `1` changed, `u` unmerged, `?` untracked: one record each. */
const single = new Set([0x31, 0x75, 0x3f]);

/**
 * Reads git's status records. Paths are only counted, so they may hold any bytes, line ends among them.
 *
 * @example
 * parseStatus(Buffer.from("# branch.oid (initial)\0# branch.head main\0? new.txt\0")).changed; // 1
 */
export function parseStatus(output: Buffer): Status {
  let head: string | null = null;
  let branch: string | null = null;
  let upstream: string | null = null;
  let ahead = 0;
  let behind = 0;
  let changed = 0;
  for (let start = 0; start < output.length;) {
    const found = output.indexOf(nul, start);
    const end = found === -1 ? output.length : found;
    const kind = output[start];
    if (kind === hash) {
      const [key, value] = splitHeader(output.toString("utf8", start + 2, end));
      if (key === "branch.oid") head = value === "(initial)" ? null : value;
      else if (key === "branch.head") branch = value === "(detached)" ? null : value;
      else if (key === "branch.upstream") upstream = value;
      else if (key === "branch.ab") [ahead, behind] = parseAheadBehind(value);
      start = end + 1;
    } else if (kind === renamed) {
      changed += 1;
      // A rename's old path is a record of its own.
      const old = output.indexOf(nul, end + 1);
      start = old === -1 ? output.length : old + 1;
    } else {
      if (kind !== undefined && single.has(kind)) changed += 1;
      start = end + 1;
    }
  }
  return { head, branch, upstream, ahead, behind, changed };
}

function splitHeader(text: string): [string, string] {
  const at = text.indexOf(" ");
  return at === -1 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}

/** `+2 -1`; unknown counts (`+? -?`) are 0. */
function parseAheadBehind(text: string): [number, number] {
  const match = /^\+(\d+) -(\d+)$/.exec(text);
  return match === null ? [0, 0] : [Number(match[1]), Number(match[2])];
}

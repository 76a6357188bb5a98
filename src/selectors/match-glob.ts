/**
 * True when a path matches a glob: `?` is one character, `*` any number of them within one part of the path, `**` as
 * a whole part any number of parts, none included. Everything else is literal, and case counts.
 *
 * Time grows with pattern x path and no faster: a pattern comes from a user, also from one on the network, and the
 * regular expressions of glob libraries can be made to take years.
 *
 * @example
 * matchGlob("edge/**", "edge/eu/gateway"); // true
 */
export function matchGlob(pattern: string, path: string): boolean {
  const patternParts = pattern.split("/");
  const pathParts = path.split("/");
  // reached[i]: the pattern parts so far match the first i parts of the path.
  let reached = Array.from({ length: pathParts.length + 1 }, (_, index) => index === 0);
  for (const part of patternParts) {
    const next = reached.map(() => false);
    if (part === "**") {
      const first = reached.indexOf(true);
      if (first !== -1) next.fill(true, first);
    } else {
      for (const [index, name] of pathParts.entries()) {
        if (reached[index] === true && matchPart(part, name)) next[index + 1] = true;
      }
    }
    reached = next;
  }
  return reached[pathParts.length] === true;
}

/** Matches one part: on a mismatch, the last `*` takes one more character. */
function matchPart(pattern: string, text: string): boolean {
  let p = 0;
  let t = 0;
  let star = -1;
  let starText = 0;
  while (t < text.length) {
    const want = pattern.charAt(p);
    // The star is looked at first: the text may itself hold a "*".
    if (want === "*") {
      star = p;
      starText = t;
      p += 1;
    } else if (want === "?" || (want !== "" && want === text.charAt(t))) {
      p += 1;
      t += 1;
    } else if (star !== -1) {
      p = star + 1;
      starText += 1;
      t = starText;
    } else return false;
  }
  while (pattern.charAt(p) === "*") p += 1;
  return p === pattern.length;
}

import { hash } from "node:crypto";

/**
 * The entity tag of a representation.
 *
 * @example
 * tagOf('{"items":[]}'); // '"' + 22 letters + '"'
 */
export function tagOf(text: string): string {
  return `"${hash("sha256", text, "base64url").slice(0, 22)}"`;
}

/**
 * Whether the tags that a caller has seen are of what there is, as RFC 9110 compares them: by `If-Match` to the letter; by
 * `If-None-Match` also as weak ones, which a proxy makes of them that packs answers.
 */
export function namesTag(header: string | undefined, tag: string, how: "exactly" | "weakly"): boolean {
  const tags = (header ?? "").split(",").map((each) => each.trim());
  if (tags.includes("*")) return true;
  return tags.some((each) => (how === "weakly" ? each.replace(/^W\//, "") : each) === tag);
}

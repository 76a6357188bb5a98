import stringWidth from "string-width";

const ascii = /^[\x20-\x7E]*$/;

/**
 * Columns that a text takes on a terminal: wide characters two, combining ones none.
 *
 * @example
 * displayWidth("日本"); // 4
 */
export function displayWidth(text: string): number {
  return ascii.test(text) ? text.length : stringWidth(text);
}

/**
 * The longest beginning of a text that takes at most `width` columns; `end` stands in for what was cut and counts too.
 *
 * @example
 * cutToWidth("gateway", 5, "…"); // "gate…"
 */
export function cutToWidth(text: string, width: number, end: string): string {
  if (displayWidth(text) <= width) return text;
  if (ascii.test(text)) {
    if (end.length > width) return text.slice(0, width);
    return text.slice(0, width - displayWidth(end)) + end;
  }
  const room = Math.max(0, width - displayWidth(end));
  let kept = "";
  let used = 0;
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    used += displayWidth(segment);
    if (used > room) break;
    kept += segment;
  }
  return displayWidth(end) <= width ? kept + end : kept;
}

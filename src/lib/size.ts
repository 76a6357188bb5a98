const unitBytes = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 } as const;
const form = /^(\d+(?:\.\d+)?)(B|KiB|MiB|GiB)$/;

/** The forms that a size may take, for error messages. */
export const sizeForms = "512B, 64KiB, 10MiB or 2GiB";

/**
 * Bytes of a size, or undefined when the text is not one. A bare number is not a size.
 *
 * @example
 * parseSize("10MiB"); // 10485760
 */
export function parseSize(text: string): number | undefined {
  const match = form.exec(text);
  if (match === null) return undefined;
  return Math.round(Number(match[1]) * unitBytes[match[2] as keyof typeof unitBytes]);
}

/**
 * A size for eyes.
 *
 * @example
 * formatSize(10_485_760); // "10MiB"
 */
export function formatSize(bytes: number): string {
  const unit = (["GiB", "MiB", "KiB"] as const).find((name) => bytes >= unitBytes[name]) ?? "B";
  const value = bytes / unitBytes[unit];
  return `${Number.isInteger(value) ? value : value.toFixed(1)}${unit}`;
}

/**
 * A number with its word.
 *
 * @example
 * count(1, "repository", "repositories"); // "1 repository"
 */
export function count(n: number, one: string, many: string): string {
  return `${n} ${n === 1 ? one : many}`;
}

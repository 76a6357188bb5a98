/** Whether a map holds anything; makes no list of its keys. */
export function hasEntries(map: Readonly<Record<string, unknown>>): boolean {
  for (const _ in map) return true;
  return false;
}

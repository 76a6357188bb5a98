/** How lines are to look: as wide, as colourful and with such characters as their reader can take. */
export interface Look {
  /** Columns; Infinity when nothing is to be cut. */
  readonly width: number;
  readonly colour: boolean;
  /** Characters beyond ASCII may be used. */
  readonly unicode: boolean;
}

/** Whether the locale of the environment has characters beyond ASCII. */
export function hasUnicode(env: Readonly<Record<string, string | undefined>>): boolean {
  const locale = env["LC_ALL"] || env["LC_CTYPE"] || env["LANG"] || "";
  return /utf-?8/i.test(locale);
}

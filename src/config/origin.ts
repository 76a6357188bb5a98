/** Where a value of the configuration came from. Lines and columns count from 1. */
export type Origin =
  | { readonly layer: "default" }
  | { readonly layer: "file" | "local"; readonly file: string; readonly line: number; readonly column: number }
  | { readonly layer: "environment"; readonly variable: string }
  | { readonly layer: "flag"; readonly flag: string };

/**
 * An origin for eyes.
 *
 * @example
 * formatOrigin({ layer: "file", file: "mahavishnu.yaml", line: 4, column: 12 }); // "mahavishnu.yaml:4:12"
 */
export function formatOrigin(origin: Origin): string {
  switch (origin.layer) {
    case "default":
      return "default";
    case "file":
    case "local":
      return `${origin.file}:${origin.line}:${origin.column}`;
    case "environment":
      return origin.variable;
    case "flag":
      return origin.flag;
  }
}

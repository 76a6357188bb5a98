/**
 * What a file of the user may look like, as plain data. It is made from the zod schema and says when a value is right;
 * the schema itself, which takes three times as long to load as everything else here, is only asked what is wrong.
 */
export type Shape = {
  /** What stands for a value that is left out, as one would write it. */
  readonly fallback?: unknown;
  /** True when the value may be left out and has no fallback. */
  readonly optional?: boolean;
  /** True when null stands for a value without content. */
  readonly nullable?: boolean;
} & (
  | { readonly kind: "map"; readonly keys: Readonly<Record<string, Shape>> }
  | { readonly kind: "record"; readonly name: string; readonly value: Shape }
  | { readonly kind: "list"; readonly item: Shape }
  | { readonly kind: "duration" | "size"; readonly min: number; readonly max: number }
  | { readonly kind: "number"; readonly integer: boolean; readonly min: number; readonly max?: number }
  | { readonly kind: "boolean" | "secret" | "scope" }
  | { readonly kind: "choice"; readonly values: readonly (string | number)[] }
  | { readonly kind: "text" | "path"; readonly pattern: string }
);

import { Secret } from "../lib/secret.ts";
import type { LoadedConfig } from "./load-config.ts";
import { formatOrigin, type Origin } from "./origin.ts";

/** One line of `config show`. */
export interface ShownValue {
  readonly path: string;
  /** As one would write it; `***` for a secret. */
  readonly value: unknown;
  /** The reference of a secret; null for other values and for a secret in plain text. */
  readonly reference: string | null;
  readonly origin: Origin;
  /** Where lower layers set the same key, highest first. */
  readonly hidden: readonly Origin[];
}

/** Every value of a configuration, ready to print. Secrets are `***`, always. */
export function showConfig(loaded: LoadedConfig): ShownValue[] {
  return loaded.entries.map(({ path, isSecret, value, origin, hidden }) => ({
    path,
    value: isSecret ? "***" : value,
    reference: isSecret && !(value instanceof Secret) ? String(value) : null,
    origin,
    hidden,
  }));
}

/**
 * Values of a file that another file hides: what is in the one is not what counts. To set a value above the files is what
 * variables and `--set` are for, and nothing to warn of.
 */
export function listHiddenValues(loaded: LoadedConfig): { readonly path: string; readonly text: string }[] {
  return (
    loaded.entries
      // Each file says its version; that hides nothing.
      .filter(({ path, origin, hidden }) => origin.layer === "local" && hidden.length > 0 && path !== "version")
      .map(({ path, origin, hidden }) => ({
        path,
        text: `${path} is set by ${formatOrigin(origin)}, which hides ${hidden.map(formatOrigin).join(" and ")}`,
      }))
  );
}

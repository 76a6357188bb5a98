import { variableOf } from "./config-keys.ts";
import type { Config } from "./schema.ts";

/** A key that this configuration needs and no layer sets. */
export interface MissingField {
  readonly path: string;
  /** Why it is needed. */
  readonly because: string;
  /** What to write into mahavishnu.yaml. */
  readonly example: string;
  /** The variable that sets it instead. */
  readonly variable: string;
}

/**
 * Keys that other values make necessary. A configuration without them still loads, so that commands which do not need
 * them work; the readiness suite refuses it.
 */
export function listMissingFields(config: Config): MissingField[] {
  if (!config.auth.enabled || config.auth.secret !== undefined) return [];
  return [
    {
      path: "auth.secret",
      because: "auth.enabled is true",
      example: "auth: { secret: ${env:MAHAVISHNU_AUTH_SECRET} }",
      variable: variableOf(["auth", "secret"]),
    },
  ];
}

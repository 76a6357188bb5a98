import type { LoadedConfig } from "../../config/load-config.ts";
import { defineUseCase } from "../use-case.ts";

/** `config show` and `config validate`: the configuration that is in force. Secrets in it show as `***`. */
export const readConfig = defineUseCase<Record<string, never>, LoadedConfig>({
  name: "readConfig",
  permission: "config:read",
  writes: false,
  resource: () => ({ name: "config" }),
  run: async (context) => await Promise.resolve(context.loaded),
});

import { listMissingFields } from "../../config/missing-fields.ts";
import { readSecrets } from "../../config/secret-references.ts";
import { tryFindScopeProblems } from "../check-scopes.ts";
import { type ConfigDocument, type ConfigValidation, describeConfig, describeValidation } from "../describe-config.ts";
import { defineUseCase, type Resource } from "../use-case.ts";

const wholeConfig: Resource = { name: "config" };

/** `config show`: the configuration that is in force. Secrets in it show as `***`. */
export const readConfig = defineUseCase<Record<string, never>, ConfigDocument>({
  name: "readConfig",
  permission: "config:read",
  writes: false,
  resource: () => wholeConfig,
  run: async ({ loaded }) => await Promise.resolve(describeConfig(loaded)),
});

/** `config validate`, for a configuration that loads. Secrets are looked for, and no value of one is told. */
export const validateConfig = defineUseCase<Record<string, never>, ConfigValidation>({
  name: "validateConfig",
  permission: "config:read",
  writes: false,
  resource: () => wholeConfig,
  run: async (context) =>
    describeValidation(context.loaded, {
      secrets: await readSecrets(context.loaded, context.env),
      missing: listMissingFields(context.loaded.config),
      scopes: await tryFindScopeProblems(context),
    }),
});

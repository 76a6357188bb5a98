import type { Diagnostic } from "../lib/diagnostics.ts";
import { UserFileError } from "../lib/errors.ts";
import { Secret } from "../lib/secret.ts";
import type { LoadedConfig } from "./load-config.ts";
import type { Origin } from "./origin.ts";
import { readUserFile } from "./read-user-file.ts";
import type { SecretSource } from "./secret-source.ts";
import { resolveUserPath } from "./workspace-paths.ts";

/** One secret of the configuration: its value, or why there is none. */
export interface SecretOutcome {
  /** The key: `auth.secret`, `secrets.NPM_TOKEN`. */
  readonly path: string;
  readonly origin: Origin;
  /** `${env:NAME}` or `${file:PATH}`; null when the secret stands in the configuration itself. */
  readonly reference: string | null;
  /** The file that the reference names, absolute; null for the other kinds. */
  readonly file: string | null;
  readonly result:
    | { readonly ok: true; readonly value: Secret }
    | {
        readonly ok: false;
        readonly reason: string;
        readonly fix: string;
        /** The reference where it stands. */
        readonly diagnostic: Diagnostic;
      };
}

/** The secrets that identity rests on. */
export interface AuthSecrets {
  /** The value of `auth.secret`, if it is set. */
  readonly auth: Secret | undefined;
  /** The value of `auth.oidc.clientSecret`, if it is set. */
  readonly oidcClient: Secret | undefined;
}

/** The secrets of a configuration, ready to use. */
export interface ResolvedSecrets extends AuthSecrets {
  /** `secrets` by name. */
  readonly named: ReadonlyMap<string, Secret>;
}

const maxSecretBytes = 64 * 1024;

/** Follows every secret of a configuration. What cannot be read is an outcome too: the readiness suite judges it. */
export async function readSecrets(
  loaded: LoadedConfig,
  env: Readonly<Record<string, string | undefined>>,
): Promise<SecretOutcome[]> {
  return followSources(loaded, env, listSources(loaded));
}

function followSources(
  loaded: LoadedConfig,
  env: Readonly<Record<string, string | undefined>>,
  sources: readonly (readonly [path: string, source: SecretSource])[],
): SecretOutcome[] {
  return sources.map(([path, source]) => {
    const origin = loaded.origins.get(path) ?? { layer: "default" };
    const file = source.kind === "file" ? resolveUserPath(loaded.workspace, source.path) : null;
    const reference = source.kind === "plain" ? null : source.reference;
    const followed = follow(source, file, env);
    if (followed.value !== undefined) {
      return { path, origin, reference, file, result: { ok: true, value: followed.value } };
    }
    const { reason, fix } = followed;
    const message = `${path}: ${reference} leads to nothing: ${reason}`;
    const diagnostic = loaded.diagnose(splitSecretPath(path), message, fix);
    return { path, origin, reference, file, result: { ok: false, reason, fix, diagnostic } };
  });
}

/** The name of a secret may hold dots. */
function splitSecretPath(path: string): string[] {
  return path.startsWith("secrets.") ? ["secrets", path.slice("secrets.".length)] : path.split(".");
}

/**
 * The secrets of a configuration.
 *
 * @throws UserFileError SECRET_UNRESOLVED that names each reference which leads to nothing; never a value.
 */
export async function resolveSecrets(
  loaded: LoadedConfig,
  env: Readonly<Record<string, string | undefined>>,
): Promise<ResolvedSecrets> {
  // Those of webhooks, channels and backups are asked for by whoever needs them.
  const sources = listSources(loaded).filter(([path]) => path.startsWith("secrets.") || path.startsWith("auth."));
  const values = expectValues(followSources(loaded, env, sources));
  const named = [...values].filter(([path]) => path.startsWith("secrets."));
  return { ...pickAuth(values), named: new Map(named.map(([path, value]) => [path.slice("secrets.".length), value])) };
}

/**
 * The secrets under `auth` alone: whoever checks tokens needs no others.
 *
 * @throws UserFileError SECRET_UNRESOLVED that names each reference which leads to nothing; never a value.
 */
export function resolveAuthSecrets(
  loaded: LoadedConfig,
  env: Readonly<Record<string, string | undefined>>,
): AuthSecrets {
  const sources = listSources(loaded).filter(([path]) => path.startsWith("auth."));
  return pickAuth(expectValues(followSources(loaded, env, sources)));
}

/**
 * The secrets under one key, such as `telemetry.channels.ops`, by their paths in full.
 *
 * @throws UserFileError SECRET_UNRESOLVED that names each reference which leads to nothing; never a value.
 */
export function resolveSecretsUnder(
  loaded: LoadedConfig,
  env: Readonly<Record<string, string | undefined>>,
  key: string,
): ReadonlyMap<string, Secret> {
  const sources = listSources(loaded).filter(([path]) => path.startsWith(`${key}.`) || path === key);
  return expectValues(followSources(loaded, env, sources));
}

/** The secrets of one webhook, the one that counts first and then the one before it, while there is one. */
export type WebhookSecrets = ReadonlyMap<string, readonly Secret[]>;

/**
 * The secrets of the webhooks of one direction that are enabled, by their names.
 *
 * @throws UserFileError SECRET_UNRESOLVED that names each reference which leads to nothing; never a value.
 */
export function resolveWebhookSecrets(
  loaded: LoadedConfig,
  env: Readonly<Record<string, string | undefined>>,
  direction: "incoming" | "outgoing",
  only?: string,
): WebhookSecrets {
  const names = Object.entries(loaded.config.webhooks[direction])
    .filter(([name, { enabled }]) => (only === undefined ? enabled : name === only))
    .map(([name]) => name);
  const pathsOf = (name: string) => hookKeys.map((key) => `webhooks.${direction}.${name}.${key}`);
  const wanted = new Set(names.flatMap(pathsOf));
  const values = expectValues(
    followSources(
      loaded,
      env,
      listSources(loaded).filter(([path]) => wanted.has(path)),
    ),
  );
  return new Map(names.map((name) => [name, pathsOf(name).flatMap((path) => values.get(path) ?? [])]));
}

const hookKeys = ["secret", "previousSecret"] as const;
const channelKeys = ["webhook", "secret", "slack", "pagerduty", "token"] as const;
type HookSecrets = { readonly [Key in (typeof hookKeys)[number]]?: SecretSource | undefined };

function expectValues(outcomes: readonly SecretOutcome[]): Map<string, Secret> {
  const broken = outcomes.flatMap(({ result }) => (result.ok ? [] : [result.diagnostic]));
  if (broken.length > 0) throw new UserFileError(broken, "SECRET_UNRESOLVED");
  return new Map(outcomes.flatMap(({ path, result }) => (result.ok ? [[path, result.value] as const] : [])));
}

function pickAuth(values: ReadonlyMap<string, Secret>): AuthSecrets {
  return { auth: values.get("auth.secret"), oidcClient: values.get("auth.oidc.clientSecret") };
}

function listSources({ config }: LoadedConfig): [path: string, source: SecretSource][] {
  const { auth, backup, telemetry } = config;
  const places: [string, SecretSource | undefined][] = [
    ["auth.secret", auth.secret],
    ["auth.oidc.clientSecret", auth.oidc?.clientSecret],
    ["backup.key", backup.key],
    ["telemetry.traces.token", telemetry.traces.token],
    ...Object.entries(telemetry.channels).flatMap(([name, channel]): [string, SecretSource | undefined][] => [
      ...channelKeys.map((key): [string, SecretSource | undefined] => [
        `telemetry.channels.${name}.${key}`,
        channel[key],
      ]),
      [`telemetry.channels.${name}.smtp.password`, channel.smtp?.password],
    ]),
  ];
  return [
    ...places.filter((pair): pair is [string, SecretSource] => pair[1] !== undefined),
    ...(["incoming", "outgoing"] as const).flatMap((direction) =>
      Object.entries<HookSecrets>(config.webhooks[direction]).flatMap(([name, hook]) =>
        hookKeys.flatMap((key): [string, SecretSource][] => {
          const source = hook[key];
          return source === undefined ? [] : [[`webhooks.${direction}.${name}.${key}`, source]];
        }),
      ),
    ),
    ...Object.entries(config.secrets).map(([name, source]): [string, SecretSource] => [`secrets.${name}`, source]),
  ];
}

/** A secret, or why there is none. */
type Followed =
  | { readonly value: Secret }
  | { readonly value?: undefined; readonly reason: string; readonly fix: string };

function follow(
  source: SecretSource,
  file: string | null,
  env: Readonly<Record<string, string | undefined>>,
): Followed {
  if (source.kind === "plain") return { value: source.value };
  if (source.kind === "env") {
    const fix = `set ${source.name} in the environment`;
    const text = env[source.name];
    if (text === undefined) return { reason: "the variable is not set", fix };
    if (text.trim() === "") return { reason: "the variable is empty", fix };
    return { value: new Secret(text) };
  }
  const path = file ?? source.path;
  const read = readUserFile(path, maxSecretBytes);
  if (read.text === undefined) return { reason: read.reason, fix: `write the secret into ${path}` };
  // Editors and `echo` end a file with a newline that no one means.
  const text = read.text.replace(/\r?\n$/, "");
  if (text.trim() === "") return { reason: "the file is empty", fix: `write the secret into ${path}` };
  return { value: new Secret(text) };
}

import { readSigningKey } from "../access/webhook-signature.ts";
import type { Config } from "../config/schema.ts";
import { resolveWebhookSecrets } from "../config/secret-references.ts";
import { MahavishnuError } from "../lib/errors.ts";
import type { Secret } from "../lib/secret.ts";
import type { AppContext } from "./app-context.ts";

type IncomingConfig = Config["webhooks"]["incoming"][string];
type OutgoingConfig = Config["webhooks"]["outgoing"][string];

/** A webhook that others call, ready to be asked. */
export interface IncomingHook {
  readonly name: string;
  readonly workflow: string;
  readonly scheme: "standard" | "github";
  readonly inputs: Readonly<Record<string, string>>;
  readonly select: string | undefined;
  readonly windowMs: number;
  readonly keys: readonly Buffer[];
}

/** A webhook that is called, ready to be sent to. */
export interface OutgoingHook {
  readonly name: string;
  readonly url: URL;
  readonly on: readonly string[];
  /** All when empty. */
  readonly workflows: readonly string[];
  readonly where: string | undefined;
  readonly timeoutMs: number;
  readonly attempts: number;
  readonly keys: readonly Buffer[];
}

/** Who acts when a message of an incoming webhook starts a run. */
export function hookSubject(name: string): string {
  return `service:webhook-${name}`;
}

/**
 * The incoming webhooks that are enabled, with their keys.
 *
 * @throws MahavishnuError WEBHOOK_SECRET; UserFileError SECRET_UNRESOLVED.
 */
export function readIncomingHooks({ loaded, env }: AppContext): ReadonlyMap<string, IncomingHook> {
  const secrets = resolveWebhookSecrets(loaded, env, "incoming");
  const hooks = Object.entries(loaded.config.webhooks.incoming).filter(([, { enabled }]) => enabled);
  return new Map(hooks.map(([name, hook]) => [name, readIncoming(name, hook, secrets.get(name) ?? [])]));
}

function readIncoming(name: string, hook: IncomingConfig, secrets: readonly Secret[]): IncomingHook {
  const { workflow, scheme, inputs, select, window: windowMs } = hook;
  if (workflow === undefined)
    throw new MahavishnuError("INTERNAL", `the webhook ${name} was read without its workflow`);
  return { name, workflow, scheme, inputs, select, windowMs, keys: readKeys("incoming", name, secrets) };
}

/**
 * The outgoing webhooks that are enabled, or the one that is named, with their keys.
 *
 * @throws MahavishnuError WEBHOOK_SECRET, WEBHOOK_NOT_FOUND; UserFileError SECRET_UNRESOLVED.
 */
export function readOutgoingHooks({ loaded, env }: AppContext, only?: string): readonly OutgoingHook[] {
  const all = loaded.config.webhooks.outgoing;
  if (only !== undefined && !Object.hasOwn(all, only)) throw noSuchHook(only);
  const secrets = resolveWebhookSecrets(loaded, env, "outgoing", only);
  return [...secrets].map(([name, found]) => readOutgoing(name, all[name], found));
}

function readOutgoing(name: string, hook: OutgoingConfig | undefined, secrets: readonly Secret[]): OutgoingHook {
  const url = URL.parse(hook?.url ?? "");
  if (hook === undefined || url === null) {
    const fix = "Give webhooks.outgoing.NAME.url the whole address.";
    throw new MahavishnuError("CONFIG_INVALID", `webhooks.outgoing.${name}.url is no URL`, { fix });
  }
  const { on, workflows, where, timeout: timeoutMs, attempts } = hook;
  return { name, url, on, workflows, where, timeoutMs, attempts, keys: readKeys("outgoing", name, secrets) };
}

function readKeys(direction: "incoming" | "outgoing", name: string, secrets: readonly Secret[]): Buffer[] {
  return secrets.map((secret) => readSigningKey(secret, `the secret of webhooks.${direction}.${name}`));
}

/** There is no outgoing webhook of this name. */
export function noSuchHook(name: string): MahavishnuError {
  return new MahavishnuError("WEBHOOK_NOT_FOUND", `there is no outgoing webhook ${JSON.stringify(name)}`);
}

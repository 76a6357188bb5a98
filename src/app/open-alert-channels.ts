import { readSigningKey, signMessage } from "../access/webhook-signature.ts";
import { resolveSecretsUnder } from "../config/secret-references.ts";
import { resolveUserPath } from "../config/workspace-paths.ts";
import { MahavishnuError } from "../lib/errors.ts";
import type { Secret } from "../lib/secret.ts";
import type { Channel } from "../telemetry/alerts/alert.ts";
import { makeAlertmanagerChannel } from "../telemetry/alerts/channels/alertmanager-channel.ts";
import { makeFileChannel } from "../telemetry/alerts/channels/file-channel.ts";
import type { HttpChannelOptions } from "../telemetry/alerts/channels/http-channel.ts";
import { makePagerDutyChannel } from "../telemetry/alerts/channels/pagerduty-channel.ts";
import { makeSlackChannel } from "../telemetry/alerts/channels/slack-channel.ts";
import { makeSmtpChannel } from "../telemetry/alerts/channels/smtp-channel.ts";
import { makeWebhookChannel, type Sign } from "../telemetry/alerts/channels/webhook-channel.ts";
import type { AppContext } from "./app-context.ts";

type ChannelConfig = AppContext["loaded"]["config"]["telemetry"]["channels"][string];

const defaultPagerDuty = "https://events.pagerduty.com/";
/** Of alerts whose rule is not in the configuration, such as a test's. */
const defaultRepeatMs = 4 * 3_600_000;

/**
 * The channels of `telemetry.channels`, by name, with their secrets. One that cannot be opened, since a secret of it leads to nothing, is there as
 * well and takes no message: the others must be told all the same.
 *
 * @param onFault told of each that cannot be opened
 */
export function openAlertChannels(
  context: Pick<AppContext, "env" | "loaded" | "store">,
  onFault: (name: string, error: unknown) => void = () => undefined,
): ReadonlyMap<string, Channel> {
  const { loaded, env } = context;
  return new Map(
    Object.entries(loaded.config.telemetry.channels).map(([name, config]) => {
      try {
        const key = `telemetry.channels.${name}`;
        const secrets = resolveSecretsUnder(loaded, env, key);
        return [name, openChannel(context, name, { config, secretOf: (part) => secrets.get(`${key}.${part}`) })];
      } catch (error) {
        if (!(error instanceof MahavishnuError)) throw error;
        onFault(name, error);
        return [name, shutChannel(name, config.attempts, error.message)];
      }
    }),
  );
}

/** A channel that takes nothing, and says why. */
function shutChannel(name: string, attempts: number, error: string): Channel {
  const answer = { ok: false, final: false, error, status: null, retryAfterMs: null } as const;
  return { name, attempts, send: async () => await Promise.resolve(answer) };
}

interface ChannelParts {
  readonly config: ChannelConfig;
  readonly secretOf: (key: string) => Secret | undefined;
}

function openChannel(
  context: Pick<AppContext, "loaded" | "store">,
  name: string,
  { config, secretOf }: ChannelParts,
): Channel {
  const { attempts, timeout: timeoutMs, file, smtp, alertmanager } = config;
  const at = (key: string): string => `telemetry.channels.${name}.${key}`;
  const http = (url: URL): HttpChannelOptions => ({ name, attempts, timeoutMs, url });
  if (file !== undefined)
    return makeFileChannel({ name, attempts, path: resolveUserPath(context.loaded.workspace, file) });
  if (smtp !== undefined) {
    const { host = "", port, tls, user, from = "", to } = smtp;
    const login = user === undefined ? null : { user, password: secretOf("smtp.password")?.reveal() ?? "" };
    return makeSmtpChannel({ name, attempts, timeoutMs, host, port, tls, login, from, to });
  }
  if (alertmanager !== undefined) {
    const { alerts } = context.loaded.config.telemetry;
    return makeAlertmanagerChannel(http(below(alertmanager, "api/v2/alerts")), {
      token: secretOf("token")?.reveal(),
      repeatMsOf: (rule) => alerts.find((alert) => alert.name === rule)?.repeat ?? defaultRepeatMs,
    });
  }
  const pagerduty = secretOf("pagerduty");
  if (pagerduty !== undefined) {
    return makePagerDutyChannel(http(below(config.url ?? defaultPagerDuty, "v2/enqueue")), pagerduty.reveal());
  }
  const slack = secretOf("slack");
  if (slack !== undefined) return makeSlackChannel(http(readUrl(slack, at("slack"))));
  const signing = secretOf("secret");
  const keys = signing === undefined ? [] : [readSigningKey(signing, at("secret"))];
  const sign: Sign = (id, body) => {
    const signed = signMessage({ id, timestamp: Math.floor(Date.now() / 1_000), body, keys });
    return keys.length > 0 ? signed : { "webhook-id": id };
  };
  const webhook = secretOf("webhook");
  if (webhook === undefined) throw new MahavishnuError("INTERNAL", `channel ${name} is of no kind`);
  return makeWebhookChannel(http(readUrl(webhook, at("webhook"))), {
    sign,
    workspaceId: async () => (await context.store()).workspaceId,
  });
}

/** A URL that is a secret: wrong, it is named by its key and not shown. */
function readUrl(secret: Secret, key: string): URL {
  const url = URL.parse(secret.reveal().trim());
  if (url !== null && ["http:", "https:"].includes(url.protocol) && url.username === "" && url.password === "")
    return url;
  throw new MahavishnuError("CONFIG_INVALID", `${key} is no http: or https: URL without user and password`, {
    fix: "Mend what the reference leads to.",
  });
}

function below(base: string, path: string): URL {
  return new URL(path, base.endsWith("/") ? base : `${base}/`);
}

import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { isIP, type LookupFunction } from "node:net";
import type { SecretSource } from "../../config/secret-source.ts";
import type { Subject } from "./finding.ts";
import { lookUpNames } from "./look-up-names.ts";

/** A host that the configuration names, and what for. */
export interface NamedHost {
  readonly role: "issuer" | "webhook" | "channel" | "traces";
  /** The key of the configuration. */
  readonly key: string;
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  /** Without path and query: these may be secret. */
  readonly origin: string | null;
}

/** Hosts that the configuration names. Addresses behind references (`${env:…}`) are followed where that takes the environment alone. */
export function listHosts({ loaded, env }: Pick<Subject, "loaded" | "env">): NamedHost[] {
  const hosts: NamedHost[] = [];
  const add = (role: NamedHost["role"], key: string, url: SecretSource | string | undefined): void => {
    const parsed = URL.parse(follow(url, env) ?? "");
    if (parsed === null || !/^https?:$/.test(parsed.protocol)) return;
    const tls = parsed.protocol === "https:";
    const host = parsed.hostname.replace(/^\[|\]$/g, "");
    hosts.push({ role, key, host, port: Number(parsed.port) || (tls ? 443 : 80), tls, origin: parsed.origin });
  };
  if (loaded === null) return hosts;
  const { auth, webhooks, telemetry } = loaded.config;
  add("issuer", "auth.oidc.issuer", auth.oidc?.issuer);
  add("traces", "telemetry.traces.otlp", telemetry.traces.otlp);
  for (const [name, hook] of Object.entries(webhooks.outgoing)) {
    if (hook.enabled) add("webhook", `webhooks.outgoing.${name}.url`, hook.url);
  }
  for (const [name, channel] of Object.entries(telemetry.channels)) {
    const key = `telemetry.channels.${name}`;
    add("channel", `${key}.webhook`, channel.webhook);
    add("channel", `${key}.slack`, channel.slack);
    add("channel", `${key}.alertmanager`, channel.alertmanager);
    if (channel.pagerduty !== undefined)
      add("channel", `${key}.pagerduty`, channel.url ?? "https://events.pagerduty.com");
    const { smtp } = channel;
    if (smtp?.host === undefined) continue;
    hosts.push({
      role: "channel",
      key: `${key}.smtp`,
      host: smtp.host,
      port: smtp.port,
      tls: smtp.tls === "implicit",
      origin: null,
    });
  }
  // Many keys may name one host.
  return hosts.filter(
    ({ host, port }, at) => hosts.findIndex((other) => other.host === host && other.port === port) === at,
  );
}

/** An address that stands in the configuration, or in a variable that it names; a file is not read for this. */
function follow(source: SecretSource | string | undefined, env: Subject["env"]): string | undefined {
  if (source === undefined || typeof source === "string") return source;
  if (source.kind === "plain") return source.value.reveal();
  return source.kind === "env" ? env[source.name] : undefined;
}

/** By how many milliseconds this clock is ahead of a server's, to about a second; null when that is not told. */
export async function askDate({ origin, host }: NamedHost, signal: AbortSignal): Promise<number | null> {
  if (origin === null) return null;
  const address = (await lookUpNames([host], AbortSignal.any([signal, AbortSignal.timeout(1_500)]))).get(host)?.address;
  if (address === undefined || address === null) return null;
  // Looked up already, where it can be broken off.
  const lookup: LookupFunction = (_name, { all }, tell) => {
    const family = isIP(address);
    if (all === true) tell(null, [{ address, family }]);
    else tell(null, address, family);
  };
  const request = origin.startsWith("https:") ? requestHttps : requestHttp;
  return await new Promise<number | null>((resolve) => {
    const begin = Date.now();
    const asked = request(origin, { method: "HEAD", signal, timeout: 2_000, lookup }, (answer) => {
      answer.destroy();
      const theirs = Date.parse(answer.headers.date ?? "");
      // Whole seconds, cut off; and somewhere between question and answer.
      const ours = (begin + Date.now()) / 2;
      resolve(Number.isNaN(theirs) ? null : Math.round(ours - (theirs + 500)));
    });
    asked.on("timeout", () => asked.destroy());
    asked.on("error", () => resolve(null));
    asked.end();
  });
}

import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { describeNoAnswer } from "../../lib/describe-no-answer.ts";
import { fail, type Finding, ok, type Probe, type Subject, warn } from "./finding.ts";
import { listHosts, type NamedHost } from "./list-hosts.ts";
import { lookUpNames, type NamedAddress } from "./look-up-names.ts";

/** A name, a connection and a handshake may take so long together. */
const limitMs = 3_000;
const slowMs = 1_000;

interface Reached {
  readonly host: NamedHost;
  /** Milliseconds of the three steps. */
  readonly times: { readonly dns: number; readonly tcp: number; readonly tls: number | null } | null;
  readonly problem: string | null;
}

async function lookAtHosts(subject: Subject, signal: AbortSignal): Promise<Finding> {
  const hosts = listHosts(subject);
  if (hosts.length === 0) return ok("the configuration names no other hosts");
  const limit = AbortSignal.any([signal, AbortSignal.timeout(limitMs)]);
  // Names have half of the time: who waits for a dead name server still wants to hear of the others.
  const naming = AbortSignal.any([signal, AbortSignal.timeout(limitMs / 2)]);
  const names = await lookUpNames(
    hosts.map(({ host }) => host),
    naming,
  );
  const reached = await Promise.all(hosts.map(async (host) => await reach(host, names.get(host.host), limit)));
  const lines = reached.map(({ host, times, problem }) => {
    const name = `${host.host}:${host.port}`;
    if (times === null) return `${name} (${host.key}): ${problem}`;
    const tls = times.tls === null ? "" : `, TLS ${times.tls} ms`;
    return `${name}: name ${times.dns} ms, connection ${times.tcp} ms${tls}`;
  });
  const figures = Object.fromEntries(
    reached.flatMap(({ host, times, problem }): [string, number | string | null][] => {
      const name = `${host.host}:${host.port}`;
      if (times === null) return [[`${name}.problem`, problem]];
      return [
        [`${name}.dnsMs`, times.dns],
        [`${name}.tcpMs`, times.tcp],
        [`${name}.tlsMs`, times.tls],
      ];
    }),
  );
  const text = lines.join("\n");
  const lost = reached.filter(({ times }) => times === null);
  const first = lost[0]?.host;
  if (first !== undefined) {
    const remedy = {
      text: `Look whether the name is right, a firewall is in between, or the certificate is trusted (NODE_EXTRA_CA_CERTS).`,
      command: first.tls
        ? `openssl s_client -connect ${first.host}:${first.port} </dev/null`
        : `getent hosts ${first.host}`,
    };
    // Without the issuer nobody signs in; the others are told later.
    return lost.some(({ host }) => host.role === "issuer") ? fail(text, remedy, figures) : warn(text, remedy, figures);
  }
  const isSlow = reached.some(({ times }) => times !== null && times.dns + times.tcp + (times.tls ?? 0) > slowMs);
  return isSlow ? warn(text, { text: "Look why the network or the name server is slow." }, figures) : ok(text, figures);
}

async function reach(host: NamedHost, named: NamedAddress | undefined, signal: AbortSignal): Promise<Reached> {
  if (named === undefined) return { host, times: null, problem: "no name server answered" };
  const { address } = named;
  if (address === null) {
    const problem = describeNoAnswer(Object.assign(new Error(String(named.code)), { code: named.code }));
    return { host, times: null, problem };
  }
  try {
    const begin = performance.now();
    await connect(connectTcp({ host: address, port: host.port }), "connect", signal);
    const connected = performance.now();
    if (host.tls) {
      // A name for SNI; an address is none.
      const servername = address === host.host ? undefined : host.host;
      const options = { host: address, port: host.port, ...(servername === undefined ? {} : { servername }) };
      await connect(connectTls(options), "secureConnect", signal);
    }
    const done = performance.now();
    const tls = host.tls ? Math.round(done - connected) : null;
    return { host, times: { dns: Math.round(named.ms), tcp: Math.round(connected - begin), tls }, problem: null };
  } catch (error) {
    const problem = signal.aborted ? `no answer within ${limitMs / 1_000} s` : describeNoAnswer(error);
    return { host, times: null, problem };
  }
}

async function connect(socket: Socket, event: "connect" | "secureConnect", signal: AbortSignal): Promise<void> {
  try {
    await untilEnded(
      new Promise<void>((resolve, reject) => {
        socket.once(event, () => resolve());
        socket.once("error", reject);
      }),
      signal,
    );
  } finally {
    socket.destroy();
  }
}

async function untilEnded<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(signal.reason as Error);
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort, { once: true });
  work.catch(() => undefined);
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

function lookAtProxy({ env }: Subject): Finding {
  const names = ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"].flatMap((name) => [name, name.toLowerCase()]);
  const set = names.filter((name) => (env[name] ?? "") !== "");
  const figures = { set: set.join(" ") };
  if (set.length === 0) return ok("no proxy is set", figures);
  // Values may hold a password.
  return ok(`${set.join(", ")} set: git and steps ask the proxy, webhooks and alerts go directly`, figures);
}

/** Other machines. */
export const networkProbes: readonly Probe[] = [
  { id: "network.hosts", look: lookAtHosts },
  { id: "network.proxy", look: lookAtProxy },
];

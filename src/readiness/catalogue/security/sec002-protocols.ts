import type { CheckContext } from "../../context.ts";
import type { CheckDefinition } from "../../definition.ts";
import type { Outcome } from "../../types.ts";
import { needsConfig } from "../needs-config.ts";
import { isLoopbackHost } from "./loopback-host.ts";

/** Only current protocols are spoken. */
export const sec002: CheckDefinition = {
  id: "SEC002",
  title: "only current security protocols are spoken",
  kind: "check",
  category: "security",
  severity: "critical",
  security: true,
  verifies:
    "The server takes TLS 1.2 or newer alone, no weak cipher, and nothing in plain text where other machines can listen.",
  how: {
    static: "looks at server.host and server.tls",
    live: "serves scratch space with the configured certificate, and tries TLS 1.3, TLS 1.2, TLS 1.1, a weak cipher and plain HTTP",
  },
  advice: { text: "Name certificate and key under server.tls, or listen at 127.0.0.1 alone." },
  dependsOn: needsConfig,
  timeoutMs: 60_000,
  expectedMs: 800,
  static: async (context) => {
    const { server } = (await context.config()).config;
    if (server.tls !== undefined) return { status: "pass", reason: "server.tls is configured" };
    if (isLoopbackHost(server.host)) {
      return { status: "pass", reason: `${tellHost(server.host)}, in plain HTTP: no other machine can listen` };
    }
    return {
      status: "fail",
      reason: `server.host is ${server.host}, which other machines can reach, and there is no server.tls`,
      expected: "server.tls",
      observed: "plain HTTP",
    };
  },
  live: async (context) => await meetConfigured(context),
};

function tellHost(host: string): string {
  return `the server listens at ${host} alone`;
}

async function meetConfigured(context: CheckContext): Promise<Outcome> {
  const { config, paths } = await context.config();
  const { tlsCert, tlsKey } = paths;
  if (tlsCert === undefined || tlsKey === undefined) {
    return { status: "pass", reason: `${tellHost(config.server.host)}, in plain HTTP: there is no TLS to try` };
  }
  return await (await import("./meet-tls.ts")).meetTls(context, { cert: tlsCert, key: tlsKey });
}

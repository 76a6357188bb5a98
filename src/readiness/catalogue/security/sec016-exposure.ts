import type { CheckDefinition } from "../../definition.ts";
import { needsConfig } from "../needs-config.ts";
import { isLoopbackHost } from "./loopback-host.ts";

/** Nothing is shown to a network without a token and without encryption. */
export const sec016: CheckDefinition = {
  id: "SEC016",
  title: "nothing listens to other machines without authentication and TLS",
  kind: "check",
  category: "security",
  severity: "error",
  security: true,
  verifies:
    "The server listens where other machines can reach it only with auth.enabled and server.tls, whatever its configuration says.",
  how: {
    static: "looks at server.host, auth.enabled and server.tls",
    live: "starts the shipped server at all addresses without authentication, and without TLS, in scratch space: it must refuse",
  },
  advice: { text: "Listen at 127.0.0.1, or set auth.enabled: true and server.tls." },
  dependsOn: needsConfig,
  timeoutMs: 60_000,
  expectedMs: 800,
  static: async (context) => {
    const { server, auth } = (await context.config()).config;
    if (isLoopbackHost(server.host)) {
      return { status: "pass", reason: `the server listens at ${server.host}, where only this machine can connect` };
    }
    const missing = [
      ...(auth.enabled ? [] : ["auth.enabled: true"]),
      ...(server.tls === undefined ? ["server.tls"] : []),
    ];
    if (missing.length === 0) {
      return { status: "pass", reason: `the server listens at ${server.host} with authentication and TLS` };
    }
    return {
      status: "fail",
      reason: `server.host is ${server.host}, which other machines can reach, without ${missing.join(" and ")}`,
      expected: missing.join(" and "),
    };
  },
  live: async (context) => await (await import("./try-exposure.ts")).tryExposure(context),
};

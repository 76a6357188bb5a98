import { glob, readFile } from "node:fs/promises";
import { join, sep } from "node:path";
import { describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "..");

/**
 * Tests that talk to a server without Prism between, each with what it sends that the OpenAPI document does not allow or does not tell of.
 * All other traffic of tests passes Prism, since `url` of a server for tests leads there (streams: their own schemas).
 */
const direct: Readonly<Record<string, string>> = {
  "src/cli/remote-errors.test.ts": "servers that cannot be reached or are no server of ours",
  "src/readiness/catalogue/security/server-live.test.ts":
    "the product's own questions, which try what is to be refused",
  "src/server/abuse-tenants.test.ts": "connections are counted, and a proxy has its own",
  "src/server/abuse.test.ts": "requests without a good token, paths that lead elsewhere, bodies that are too large",
  "src/server/callers/guard-callers.test.ts": "requests without a token",
  "src/server/callers/refusal-trail.test.ts": "a server of the framework alone, without the API",
  "src/server/health/health-live.test.ts": "queries that are wrong",
  "src/server/http/allowed-methods.test.ts": "methods that addresses do not answer to",
  "src/server/http/host-check.test.ts": "raw sockets with odd hosts; requests without a token",
  "src/server/http/raw-requests.test.ts": "raw sockets",
  "src/server/http/trust-proxies.test.ts": "requests without a good token; a server of the framework alone",
  "src/server/login/login.test.ts": "requests without a session, of wrong types, and over TLS",
  "src/server/metrics/metrics.test.ts": "a request without a token, an odd query, and what is not there",
  "src/server/operations/filter-runs.test.ts": "a filter that is too long",
  "src/server/stop-server.test.ts": "raw sockets",
  "src/server/tls.test.ts": "TLS, which ends at the server",
  "src/server/webhooks.test.ts": "bodies whose bytes count, which Prism writes anew",
  "test/api/fuzz.test.ts": "the fuzzer asks what is not allowed; what is allowed it asks through Prism too",
  "test/api/operations.test.ts": "requests that reach no operation",
  "test/api/streams.test.ts": "positions that are none",
  "test/e2e/several-servers.test.ts": "a request whose body is sent in two parts over a raw socket",
  "test/system/dashboard.test.ts": "where a Prometheus asks is the server itself",
  "test/system/metrics.test.ts": "the formats of /metrics as they are, for the tools that read them",
};

/** What a test must name to get past Prism. */
const past =
  /\bdirectUrl\b|raw-socket-fixture|\btls: true\b|\/serve\.ts"|create-server\.ts"|ask-scratch-server|from "fastify"/;

describe("tests that talk to a server without Prism between", () => {
  it("are these, each with its reason", async () => {
    const found: string[] = [];
    for await (const path of glob(["src/**/*.test.ts", "test/**/*.test.ts", "scripts/**/*.test.ts"], { cwd: root })) {
      const file = path.replaceAll(sep, "/");
      if (file !== "test/api-traffic.test.ts" && past.test(await readFile(join(root, file), "utf8"))) found.push(file);
    }
    expect(found.toSorted()).toEqual(Object.keys(direct).toSorted());
  });
});

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openStage, type Stage } from "../../../../test/support/suite-stage.ts";
import { makeUntrustedCertificate } from "../../acting/make-certificate.ts";
import type { Outcome } from "../../types.ts";
import { askScratchServer, type ServerQuestion } from "./ask-scratch-server.ts";
import { isLoopbackHost } from "./loopback-host.ts";
import type { Send } from "./scratch-server.ts";
import { sec002 } from "./sec002-protocols.ts";
import { sec016 } from "./sec016-exposure.ts";
import { tryExposure } from "./try-exposure.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await openStage("auth: { enabled: false }\n", { "repos.yaml": "version: 1\nrepos: {}\n" });
});
afterAll(async () => {
  await stage[Symbol.asyncDispose]();
});

const tokenOf = (init: RequestInit): string | undefined =>
  (init.headers as Readonly<Record<string, string>>)["authorization"];

/** Sends something else than it was asked to. */
function lying(change: (url: string, init: RequestInit) => RequestInit): Send {
  return async (url, init) => await fetch(url, change(url, init));
}

/** Shows the first token that anybody has shown, where `when` says so: the admin's. */
function asAdmin(when: (url: string, init: RequestInit) => boolean): Send {
  let first: string | undefined;
  return lying((url, init) => {
    first ??= tokenOf(init);
    if (first === undefined || !when(url, init)) return init;
    return { ...init, headers: { ...(init.headers as object), authorization: first } };
  });
}

/** Why the answer to a question is no. */
async function refute(question: ServerQuestion, send: Send): Promise<string> {
  const { status, reason } = await askScratchServer(stage.context(), question, send);
  return status === "fail" ? reason : `${status}: ${reason}`;
}

describe("the questions to a scratch server", () => {
  it("are all green at the real one, which is started once", async () => {
    const context = stage.context();
    const asked: string[] = [];
    const send: Send = async (url, init) => {
      asked.push(new URL(url).origin);
      return await fetch(url, init);
    };
    for (const question of ["strangers", "roles", "service", "tokens", "audit"] as const) {
      const outcome = await askScratchServer(context, question, send);
      expect(outcome, `${question}: ${JSON.stringify(outcome)}`).toMatchObject({ status: "pass" });
    }
    expect(new Set(asked).size).toBe(1);
  });

  it("SEC001 is red when a server lets strangers in", async () => {
    const context = stage.context({ faults: [["set", "serve", "auth.enabled=false"]] });
    const outcome = await askScratchServer(context, "strangers");
    expect(outcome.reason).toMatch(/routes do not ask for a token/);
    expect(outcome.status).toBe("fail");
  });

  it("SEC001 is red when one route is open", async () => {
    const open: Send = async (url, init) => {
      const answer = await fetch(url, init);
      return tokenOf(init) === undefined && url.endsWith("/v1/workflows") ? new Response("{}") : answer;
    };
    expect(await refute("strangers", open)).toMatch(
      /^1 of \d+ routes do not ask for a token: GET \/v1\/workflows answers 200$/,
    );
  });

  it("SEC003 is red when one role has one right too many, and when nobody may do anything", async () => {
    let read = 0;
    expect(
      await refute(
        "roles",
        asAdmin((url) => url.includes("/v1/audit?") && ++read === 1),
      ),
    ).toMatch(/may audit:read/);
    const closed: Send = async (url, init) =>
      url.endsWith("/v1/config") ? new Response("{}", { status: 403 }) : await fetch(url, init);
    expect(await refute("roles", closed)).toMatch(/may not config:read/);
  });

  it("SEC003 is red when a scope is not looked at", async () => {
    expect(
      await refute(
        "roles",
        asAdmin((_url, init) => {
          const claims = Buffer.from(tokenOf(init)?.split(".")[1] ?? "", "base64url").toString("utf8");
          return claims.includes("service:scoped");
        }),
      ),
    ).toMatch(/sees other repositories/);
  });

  it.each([
    ["any token is taken", () => true, /a revoked token.*an expired token.*another audience.*alg none/],
    ["alg none is taken", (header: string) => header.includes('"none"'), /^a token with alg none opens the door$/],
    [
      "another algorithm is taken",
      (header: string) => header.includes("HS256"),
      /^a token that is signed with the public key opens the door$/,
    ],
  ])("SEC007 is red when %s", async (_what, when, reason) => {
    expect(
      await refute(
        "tokens",
        asAdmin((url, init) => {
          const header = Buffer.from(tokenOf(init)?.replace("Bearer ", "").split(".")[0] ?? "", "base64url").toString(
            "utf8",
          );
          return url.endsWith("/v1/whoami") && when(header);
        }),
      ),
    ).toMatch(reason);
  });

  it("SEC007 is red when a server takes tokens for somebody else", async () => {
    const context = stage.context({ faults: [["set", "serve", "auth.audience=other"]] });
    const outcome = await askScratchServer(context, "tokens");
    expect(outcome).toMatchObject({ status: "fail", reason: "the admin could not make a token" });
  });

  it("IR7 is red when a service account may do what its maker may", async () => {
    const heir = asAdmin((url, init) => url.endsWith("/v1/keys/rotate") && init.method === "POST");
    expect(await refute("service", heir)).toMatch(/^a service account may do more than its token says$/);
  });

  it("SEC009 is red when a refusal is not in the trail, and when an edit is not found", async () => {
    const silent: Send = async (url, init) =>
      url.includes("decision=denied") ? new Response('{"items":[]}') : await fetch(url, init);
    expect(await refute("audit", silent)).toMatch(
      /the trail does not hold that access:write was denied to service:watched/,
    );
    const blind: Send = async (url, init) =>
      url.endsWith("/v1/audit/verify") ? new Response('{"valid":true}') : await fetch(url, init);
    expect(await refute("audit", blind)).toMatch(/an edit of the trail is not found/);
  });

  it("is no answer when the server does not start: an error, and no green", async () => {
    const context = stage.context({ faults: [["become", "serve", "serve", "repos list"]] });
    await expect(askScratchServer(context, "strangers")).rejects.toThrow(/serve ended with/);
  });
});

describe("SEC016, live", () => {
  it("is green when the server refuses, and red when it listens", async () => {
    expect(await tryExposure(stage.context())).toMatchObject({ status: "pass" });
    const careless = stage.context({ faults: [["set", "serve", "server.host=127.0.0.1"]] });
    expect(await tryExposure(careless)).toMatchObject({ status: "fail", reason: /listens to other machines/ });
  });
});

describe("SEC002 and SEC016", () => {
  const judge = async (config: string, check: typeof sec002, live = false): Promise<Outcome | undefined> => {
    await using other = await openStage(config, { "repos.yaml": "version: 1\nrepos: {}\n" });
    const { cert, key } = makeUntrustedCertificate();
    await writeFile(join(other.workspace, "cert.pem"), cert);
    await writeFile(join(other.workspace, "key.pem"), key, { mode: 0o600 });
    return await (live ? check.live : check.static)?.(other.context(), null);
  };
  const tls = "tls: { cert: cert.pem, key: key.pem }";

  it.each([
    ["server: {}", "pass", "pass"],
    ["server: { host: 0.0.0.0 }", "fail", "fail"],
    [`server: { host: 0.0.0.0, ${tls} }`, "pass", "fail"],
    [`server: { host: 0.0.0.0, ${tls} }\nauth: { enabled: true, secret: "\${env:PATH}" }`, "pass", "pass"],
  ])("judge %s by its words", async (config, protocols, exposure) => {
    const whole = config.includes("auth:") ? `${config}\n` : `${config}\nauth: { enabled: false }\n`;
    expect(await judge(whole, sec002)).toMatchObject({ status: protocols });
    expect(await judge(whole, sec016)).toMatchObject({ status: exposure });
  });

  it("try the configured certificate, and what is too old", async () => {
    const outcome = await judge(`server: { ${tls} }\nauth: { enabled: false }\n`, sec002, true);
    expect(outcome, JSON.stringify(outcome)).toMatchObject({
      status: "pass",
      reason: /TLSv1\.3 and TLSv1\.2 are taken/,
    });
    const broken = await judge(
      "server: { tls: { cert: key.pem, key: key.pem } }\nauth: { enabled: false }\n",
      sec002,
      true,
    );
    expect(broken, JSON.stringify(broken)).toMatchObject({ status: "fail", reason: /cannot serve/ });
    const none = await judge("auth: { enabled: false }\n", sec002, true);
    expect(none).toMatchObject({ status: "pass", reason: /no TLS to try/ });
  });

  it.each(["127.0.0.1", "127.9.9.9", "localhost", "::1"])("know %s for a place of this machine alone", (host) => {
    expect(isLoopbackHost(host)).toBe(true);
  });

  it.each(["0.0.0.0", "::", "192.0.2.1", "example.test", "127.example.test"])("do not know %s for one", (host) => {
    expect(isLoopbackHost(host)).toBe(false);
  });
});

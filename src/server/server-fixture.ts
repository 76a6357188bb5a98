import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type ApiProxy, startApiProxy } from "../../test/support/api-proxy.ts";
import { noticeLog } from "../../test/support/notice-log.ts";
import { issueToken } from "../access/issue-token.ts";
import type { AppContext } from "../app/app-context.ts";
import { openApp } from "../app/open-app.ts";
import { openIssuer } from "../app/open-identity.ts";
import { loadConfig } from "../config/load-config.ts";
import { newTokenId } from "../lib/ids.ts";
import { makeUntrustedCertificate } from "../readiness/acting/make-certificate.ts";
import type { HealthPace } from "./health/health-probes.ts";
import { serve, type ServeRequest } from "./serve.ts";

/** For tests: what a server shall be like. Everything may be left out. */
export interface TestServerRequest {
  /** Keys of mahavishnu.yaml besides those that every test needs; `server` and `auth` are merged key by key. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** `access.bindings`: who has which role. */
  readonly bindings?: readonly { readonly subject: string; readonly role: string; readonly where?: string }[];
  /** Whether it speaks TLS, with a certificate of its own for localhost. */
  readonly tls?: boolean;
  /** Further files of the workspace by name; repos.yaml names two repositories, alpha and beta, unless it is among them. */
  readonly files?: Readonly<Record<string, string>>;
  /** How often its parts are looked at. */
  readonly pace?: HealthPace;
  /** The environment besides PATH and the secret. */
  readonly env?: Readonly<Record<string, string>>;
}

/** For tests: a server that listens on a free port of 127.0.0.1. */
export interface TestServer extends AsyncDisposable {
  /**
   * Where tests ask: `http://127.0.0.1:PORT`, without a slash at its end. What stands there compares each request and each answer with
   * the OpenAPI document, and makes disposing fail for what that does not allow. With TLS, which ends at the server, it is `directUrl`.
   */
  readonly url: string;
  /** The server itself, for what the document does not allow. A test says why it asks here: see test/api-traffic.test.ts. */
  readonly directUrl: string;
  /** The port of the server itself, for what is no HTTP. */
  readonly port: number;
  /** What stands before the server; null with TLS. */
  readonly proxy: ApiProxy | null;
  readonly workspace: string;
  /** The workspace as its owner has it open: for looking at what the server has done. */
  readonly app: AppContext;
  /** What the server has told of itself, line by line. */
  readonly notices: readonly string[];
  /** What it has logged of requests that are answered. */
  readonly requests: readonly string[];
  /** The server's certificate, to be trusted by the test; empty without TLS. */
  readonly ca: string;
  /** Makes a token of an hour. Without a role its rights are those that `bindings` give to the subject. */
  token(subject: string, role?: string | null, where?: string | null): Promise<string>;
  /** Stops it and waits until it has let go of everything; disposing does so too. */
  stop(): Promise<void>;
}

/** For tests: the names of the server's certificate and key in its workspace. */
export const tlsFiles = { cert: "server.crt", key: "server.key" } as const;

/**
 * For tests: makes a workspace in a temporary folder and serves it.
 *
 * @example
 * await using server = await startTestServer({ bindings: [{ subject: "user:dana", role: "viewer" }] });
 * const token = await server.token("user:dana");
 * await fetch(`${server.url}/v1/runs`, { headers: { authorization: `Bearer ${token}` } });
 */
export async function startTestServer(request: TestServerRequest = {}): Promise<TestServer> {
  const workspace = await mkdtemp(join(tmpdir(), "server-"));
  const certificate = request.tls === true ? makeUntrustedCertificate() : undefined;
  try {
    await writeFiles(workspace, request, certificate);
    const secret = "a secret for tests, long enough to count";
    // Its suites are processes of their own, which are not to compile the sources again each time.
    const { PATH, NODE_COMPILE_CACHE } = process.env;
    const env = { PATH, NODE_COMPILE_CACHE, MAHAVISHNU_TEST_SECRET: secret, ...request.env };
    const app = openApp({ loaded: await loadConfig({ workspace, env, set: [] }), env });
    const stopping = new AbortController();
    const notices: string[] = [];
    const requests: string[] = [];
    const { url: directUrl, ended } = await waitUntilReady({
      app,
      stop: stopping.signal,
      onDispatch: () => undefined,
      log: noticeLog(
        (line) => {
          (line.startsWith("a request is answered") ? requests : notices).push(line);
        },
        await app.log(),
      ),
      ...(request.pace === undefined ? {} : { pace: request.pace }),
    });
    const stop = async (): Promise<void> => {
      stopping.abort();
      await ended;
    };
    const proxy = certificate === undefined ? await startApiProxy(directUrl) : null;
    return {
      url: proxy?.url ?? directUrl,
      directUrl,
      port: Number(new URL(directUrl).port),
      proxy,
      workspace,
      app,
      notices,
      requests,
      ca: certificate?.cert ?? "",
      token: async (subject, role = null, where = null) => await makeToken(app, { subject, role, scope: where }),
      stop,
      [Symbol.asyncDispose]: async () => {
        await stop();
        await app[Symbol.asyncDispose]();
        await rm(workspace, { recursive: true, force: true });
        await proxy?.[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await rm(workspace, { recursive: true, force: true });
    throw error;
  }
}

async function writeFiles(
  workspace: string,
  { config = {}, bindings = [], files = {} }: TestServerRequest,
  certificate: { readonly cert: string; readonly key: string } | undefined,
): Promise<void> {
  const { server = {}, auth = {}, access = {} } = config as Readonly<Record<string, object>>;
  const whole = {
    version: 1,
    ...config,
    // Stopped at once: no test waits for what it has left behind.
    server: { port: 0, drain: "1s", ...(certificate === undefined ? {} : { tls: tlsFiles }), ...server },
    auth: { enabled: true, secret: "${env:MAHAVISHNU_TEST_SECRET}", ...auth },
    access: { bindings, ...access },
  };
  const all: Record<string, string> = {
    "repos.yaml": "version: 1\nrepos:\n  alpha: { tags: [front] }\n  beta: { tags: [back] }\n",
    "mahavishnu.yaml": JSON.stringify(whole),
    ...(certificate === undefined ? {} : { [tlsFiles.cert]: certificate.cert, [tlsFiles.key]: certificate.key }),
    ...files,
  };
  await mkdir(join(workspace, "workflows"));
  for (const [name, text] of Object.entries(all)) {
    await mkdir(dirname(join(workspace, name)), { recursive: true });
    await writeFile(join(workspace, name), text, { mode: 0o600 });
  }
}

async function waitUntilReady(
  request: Omit<ServeRequest, "onReady">,
): Promise<{ readonly url: string; readonly ended: Promise<void> }> {
  const ready = Promise.withResolvers<string>();
  const ended = serve({ ...request, onReady: ready.resolve });
  try {
    // It is over before it is ready only when it cannot start, and then it says why.
    await Promise.race([ready.promise, ended]);
    return { url: await ready.promise, ended };
  } catch (error) {
    await request.app[Symbol.asyncDispose]();
    throw error;
  }
}

async function makeToken(
  app: AppContext,
  rights: { readonly subject: string; readonly role: string | null; readonly scope: string | null },
): Promise<string> {
  const whole = { id: newTokenId(), name: null, ttlMs: 3_600_000, createdBy: "local:test", ...rights };
  return (await issueToken(whole, await openIssuer(app))).text;
}

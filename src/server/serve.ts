import type { Server as HttpsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { createAuthenticator } from "../access/authenticator.ts";
import type { Authenticator } from "../access/authenticator.ts";
import type { AppContext } from "../app/app-context.ts";
import { type DispatchEvent, type Dispatcher, startDispatcher } from "../app/dispatcher.ts";
import { expectAuthSecret } from "../access/seal-key.ts";
import { resolveAuthSecrets } from "../config/secret-references.ts";
import { authenticateBearer } from "./bearer.ts";
import { createHttpServer } from "./create-server.ts";
import type { CallerOf } from "./identify-caller.ts";
import { choosePlace } from "./listen.ts";
import { openTls } from "./tls.ts";

/** A server to be started. */
export interface ServeRequest {
  readonly app: AppContext;
  /** Aborted when it is to stop: it begins nothing new and lets go of the rest. */
  readonly stop: AbortSignal;
  /** Called once it answers, with where. */
  readonly onReady: (url: string) => void;
  /** Told of runs that are begun or taken over here, and of what keeps them from it. */
  readonly onDispatch: (event: DispatchEvent) => void;
  /** Told in one line of what happens to the server itself, such as a new certificate. */
  readonly onNotice: (line: string) => void;
}

/**
 * Serves a workspace over HTTP, and executes its detached runs, until it is told to stop. Resolves when everything has been let go of.
 *
 * @throws MahavishnuError SERVER_REFUSED when it would not be safe, or cannot listen.
 */
export async function serve({ app, stop, onReady, onDispatch, onNotice }: ServeRequest): Promise<void> {
  const { address, isLoopback } = await choosePlace(app);
  const { config, paths } = app.loaded;
  const { host, port, maxBody, requestTimeout, maxConnections } = config.server;
  const stopping = new AbortController();
  await using authenticator = config.auth.enabled ? await openAuthenticator(app) : undefined;
  const { tlsCert, tlsKey } = paths;
  const tls = tlsCert === undefined || tlsKey === undefined ? null : await openTls({ cert: tlsCert, key: tlsKey });
  const http = createHttpServer({
    app,
    callerOf: identify(app, authenticator),
    maxBody,
    requestTimeoutMs: requestTimeout,
    maxConnections,
    stopping: stopping.signal,
    isLoopback,
    ...(tls === null ? {} : { tls: tls.options }),
  });
  using _watch = tls?.watch(http.server as HttpsServer, onNotice);
  let dispatcher: Dispatcher | undefined;
  try {
    await http.listen({ host: address, port });
    dispatcher = await startDispatcher({
      store: await app.store(),
      engine: await app.engine(),
      maxConcurrentRuns: config.limits.maxConcurrentWorkflows,
      observe: onDispatch,
    });
    const { port: taken } = http.server.address() as AddressInfo;
    onReady(`${tls === null ? "http" : "https"}://${host.includes(":") ? `[${host}]` : host}:${taken}`);
    await waitFor(stop);
  } finally {
    stopping.abort();
    await Promise.all([http.close(), dispatcher?.stop({ drainMs: config.server.drain })]);
  }
}

async function openAuthenticator({ loaded, env, store }: AppContext): Promise<Authenticator> {
  const { auth } = loaded.config;
  const secret = expectAuthSecret(resolveAuthSecrets(loaded, env).auth);
  const { oidc } = auth;
  const { issuer, audience } = oidc ?? {};
  const rules =
    oidc === undefined || issuer === undefined || audience === undefined ? {} : { oidc: { ...oidc, issuer, audience } };
  return createAuthenticator({ store: await store(), secret, auth, ...rules });
}

/** Without `auth.enabled` only this machine can ask, and who asks counts as the owner of the workspace. */
function identify(app: AppContext, authenticator: Authenticator | undefined): CallerOf {
  return async (request) => {
    if (authenticator === undefined) return { subject: app.subject, from: request.ip };
    const { subject } = await authenticateBearer(request, authenticator);
    return { subject, from: request.ip };
  };
}

async function waitFor(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
}

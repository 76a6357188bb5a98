import type { Server as HttpsServer } from "node:https";
import type { Authenticator } from "../access/authenticator.ts";
import type { AppContext } from "../app/app-context.ts";
import type { DispatchEvent } from "../app/dispatcher.ts";
import { openAuthenticator } from "../app/open-identity.ts";
import type { Log } from "../lib/log.ts";
import { sloSource } from "../telemetry/slo/slo-source.ts";
import { authenticateBearer } from "./callers/authenticate-bearer.ts";
import { createHttpServer } from "./http/create-server.ts";
import { findInheritedSocket } from "./inherited-socket.ts";
import { HealthBoard } from "./health/health-board.ts";
import { defaultPace, type HealthPace, listProbes } from "./health/health-probes.ts";
import type { CallerOf } from "./callers/identify-caller.ts";
import { choosePlace } from "./choose-place.ts";
import type { SignIn } from "./login/login.ts";
import { backupSource, makeBackups } from "./make-backups.ts";
import { openSignIn } from "./login/open-sign-in.ts";
import { sweepProbes } from "./health/probe-disk.ts";
import { healthSource } from "./metrics/health-source.ts";
import { startMetrics } from "./metrics/start-metrics.ts";
import { purgeRegularly } from "./purge-regularly.ts";
import { sendWebhooks } from "./send-webhooks.ts";
import { startAlerts } from "./start-alerts.ts";
import { startListening } from "./start-listening.ts";
import { stopServer } from "./stop-server.ts";
import { openTls } from "./tls.ts";
import { WatchedDispatcher } from "./watched-dispatcher.ts";

/** A server to be started. */
export interface ServeRequest {
  readonly app: AppContext;
  /** Aborted when it is to stop: it begins nothing new and lets go of the rest. */
  readonly stop: AbortSignal;
  /** Aborted when it is to stop at once: nothing that goes on is waited for any longer. */
  readonly hurry?: AbortSignal;
  /** How often its parts are looked at; left out but in tests. */
  readonly pace?: HealthPace;
  /** Called once it answers and begins detached runs, with where. */
  readonly onReady: (url: string) => void;
  /** Told of runs that are begun or taken over here, and of what keeps them from it. */
  readonly onDispatch: (event: DispatchEvent) => void;
  /** Told of each request, of faults, and of what happens to the server itself; the log of the workspace when left out. */
  readonly log?: Log;
}

/**
 * Serves a workspace over HTTP, and executes its detached runs, until it is told to stop. Resolves when everything has been let go of.
 *
 * @throws MahavishnuError SERVER_REFUSED when it would not be safe, or cannot listen.
 */
export async function serve(request: ServeRequest): Promise<void> {
  const { app, stop, hurry = never, pace = defaultPace, onReady, onDispatch } = request;
  const place = await choosePlace(app);
  const { config, paths } = app.loaded;
  const inherited = findInheritedSocket(app.env, process.pid);
  const { host, port, maxBody, requestTimeout, maxConnections, drain } = config.server;
  const log = request.log ?? (await app.log());
  const store = await app.store();
  const engine = await app.engine();
  app.freshFleet.follow();
  await using authenticator = config.auth.enabled ? await openAuthenticator(app) : undefined;
  const signIn = await openSignIn(app);
  using _login = signIn?.login;
  const { tlsCert, tlsKey } = paths;
  const tls = tlsCert === undefined || tlsKey === undefined ? null : await openTls({ cert: tlsCert, key: tlsKey });
  await sweepProbes(paths.stateFolder);
  await using metrics = await startMetrics(app, log);
  const { instruments } = metrics;
  await using _purges = await purgeRegularly(app, log);
  metrics.addSource(backupSource(app));
  metrics.addSource(sloSource(store, config));
  await using _backups = await makeBackups(app, log);
  await using _webhooks = await sendWebhooks(app, log, instruments);

  const { maxConcurrentWorkflows: maxConcurrentRuns } = config.limits;
  const dispatcher = new WatchedDispatcher({ store, engine, maxConcurrentRuns, observe: onDispatch });
  const probes = listProbes({ app, store, dispatcher, pace, instruments });
  await using board = new HealthBoard({ probes, log, everyMs: 5 * pace.restMs });
  metrics.addSource(healthSource(board));
  await using _alerts = await startAlerts(app, {
    board,
    isUp: () => dispatcher.hasStarted && !stop.aborted,
    metrics,
    log,
  });
  const stopping = new AbortController();
  const http = createHttpServer({
    app,
    callerOf: identify(app, authenticator, signIn),
    signIn,
    maxBody,
    requestTimeoutMs: requestTimeout,
    maxConnections,
    health: { board, hasStarted: () => dispatcher.hasStarted },
    metrics,
    stopping: stopping.signal,
    log,
    isLoopback: place.isLoopback,
    ...(tls === null ? {} : { tls: tls.options }),
  });
  using _watch = tls?.watch(http.server as HttpsServer, log);
  try {
    const taken = await startListening(http, { address: place.address, port, inherited });
    dispatcher.start();
    await Promise.race([dispatcher.started, waitFor(stop)]);
    void board.report();
    if (!stop.aborted) {
      onReady(`${tls === null ? "http" : "https"}://${host.includes(":") ? `[${host}]` : host}:${taken}`);
    }
    await waitFor(stop);
  } finally {
    await stopServer({ http, board, dispatcher, stopping, hurry, drainMs: drain });
  }
}

const never = new AbortController().signal;

/** Without `auth.enabled` only this machine can ask, and who asks counts as the owner of the workspace. */
function identify(app: AppContext, authenticator: Authenticator | undefined, signIn: SignIn | null): CallerOf {
  return async (request) => {
    if (authenticator === undefined) return { subject: app.subject, from: request.ip };
    const session = signIn?.cookies.read(request, "session");
    // Whoever shows a token means the token.
    if (signIn !== null && session !== undefined && request.headers.authorization === undefined) {
      return { subject: (await signIn.sessions.authenticate(session)).subject, from: request.ip };
    }
    const { subject } = await authenticateBearer(request, authenticator);
    return { subject, from: request.ip };
  };
}

async function waitFor(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
}

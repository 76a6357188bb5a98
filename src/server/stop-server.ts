import type { FastifyInstance } from "fastify";
import type { HealthBoard } from "./health/health-board.ts";
import type { WatchedDispatcher } from "./watched-dispatcher.ts";

/** Whoever decides by the readiness where requests go is told before nobody listens any more; most ask each ten seconds. */
const longestNoticeMs = 10_000;

const idleMs = 50;

/** What is to be stopped. */
export interface StopRequest {
  readonly http: FastifyInstance;
  readonly board: Pick<HealthBoard, "stop">;
  readonly dispatcher: Pick<WatchedDispatcher, "stop">;
  /** Aborted here: streams end. */
  readonly stopping: AbortController;
  /** Aborted when nothing is to be waited for any longer. */
  readonly hurry: AbortSignal;
  /** How long requests and runs may go on. */
  readonly drainMs: number;
}

/**
 * Stops a server without breaking anything off, in this order: readiness fails and no more runs are claimed; nobody new is listened to,
 * and streams end; requests and runs that go on may end within `drainMs`; the rest of the runs is left to other servers.
 */
export async function stopServer(request: StopRequest): Promise<void> {
  const { http, board, dispatcher, stopping, hurry, drainMs } = request;
  const hurried = Promise.withResolvers<void>();
  const beQuick = (): void => {
    hurried.resolve();
    http.server.closeAllConnections();
    void dispatcher.stop({ drainMs: 0 });
  };
  const deadline = setTimeout(() => http.server.closeAllConnections(), drainMs);
  let idle: NodeJS.Timeout | undefined;
  const drained = dispatcher.stop({ drainMs });
  hurry.addEventListener("abort", beQuick, { once: true });
  if (hurry.aborted) beQuick();
  try {
    await Promise.race([board.stop({ atMostMs: Math.min(longestNoticeMs, drainMs / 2) }), hurried.promise]);
    stopping.abort();
    // Over a connection that is kept open, nothing more is asked once its last request has been answered.
    idle = setInterval(() => http.server.closeIdleConnections(), idleMs);
    await Promise.all([http.close(), drained]);
  } finally {
    clearInterval(idle);
    clearTimeout(deadline);
    hurry.removeEventListener("abort", beQuick);
  }
}

import { hostname } from "node:os";
import type { AppContext } from "../app/app-context.ts";
import { openAlerts } from "../app/open-alerts.ts";
import { openAlertChannels } from "../app/open-alert-channels.ts";
import { toError } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import type { SenderEvent } from "../telemetry/alerts/alert-sender.ts";
import type { Metrics } from "../telemetry/metrics/metrics.ts";
import { readObjective } from "../telemetry/slo/read-objectives.ts";
import { alertSource } from "./alert-source.ts";
import type { HealthBoard } from "./health/health-board.ts";
import { watchSuites } from "./last-suites.ts";

/** What is being sent when the server stops may take so long; then it is left to another server. */
const drainMs = 5_000;

/** What alerts are told of. */
export interface StartAlertsParts {
  readonly board: Pick<HealthBoard, "report">;
  /** Whether the server is neither being started nor being stopped: until then its parts do not count. */
  readonly isUp: () => boolean;
  readonly metrics: Pick<Metrics, "addSource" | "instruments">;
  /** Told of what an operator has to know. */
  readonly log: Log;
}

/**
 * Judges the rules of `telemetry.alerts` and tells its channels, until it is disposed of; without any, it does nothing at all.
 */
export async function startAlerts(
  app: AppContext,
  { board, isUp, metrics, log }: StartAlertsParts,
): Promise<AsyncDisposable> {
  const { config, paths } = app.loaded;
  const { alerts: rules, channels: named } = config.telemetry;
  const store = await app.store();
  const isIdle = rules.length === 0 && Object.keys(named).length === 0;
  // What was alerted of before is ended, even when there is no rule any more.
  if (isIdle && ((await store.readAlerts())?.rules ?? []).length === 0) {
    return { [Symbol.asyncDispose]: async () => await Promise.resolve() };
  }
  metrics.addSource(alertSource(app));
  let upSince: number | undefined;
  const alerts = await openAlerts(app, {
    channels: openAlertChannels(app, (channel, error) => {
      log.error("a channel cannot be opened and takes no message", { channel, error: toError(error) });
    }),
    health: {
      server: `${hostname()}:${config.server.port}`,
      checks: async () => {
        if (!isUp()) return null;
        upSince ??= Date.now();
        const { checks } = await board.report();
        // What was bad before it was up says nothing, until it has been looked at again.
        const isOld = checks.some(({ status, time }) => status !== "pass" && time < Number(upSince));
        return isOld || !isUp() ? null : checks;
      },
    },
    burnRate: async (name, now) => {
      const reading = await readObjective(store, config, { name, now });
      if (reading === null) return { state: "unknown", value: null, note: "there is no such objective" };
      return { state: reading.burn, value: reading.burnRate, note: null };
    },
    lastSuites: watchSuites(paths.stateFolder),
    observe: (event) => {
      if (event.kind === "attempted") {
        const { state } = event.outcome;
        metrics.instruments.countAlertMessage(event.channel, state === "pending" ? "retried" : state);
      }
      logTrouble(log, event);
    },
    onFailure: (error, retryMs) => {
      log.error("alerts cannot be judged now; it is tried again", { error: toError(error), retryMs });
    },
  });
  return { [Symbol.asyncDispose]: async () => await alerts.stop({ drainMs }) };
}

/** That a receiver does not answer now and then is nothing; that a message is given up has to be known. */
function logTrouble(log: Log, event: SenderEvent): void {
  if (event.kind === "failed") {
    const { channel, error, retryMs } = event;
    log.warn("a channel cannot be told of alerts now; it is tried again", { channel, error: toError(error), retryMs });
    return;
  }
  const { channel, id, outcome } = event;
  if (outcome.state !== "dead") return;
  log.warn("a message to a channel is given up; try `mahavishnu alerts test --channel NAME`", {
    channel,
    messageId: id,
    reason: outcome.error ?? undefined,
  });
}

import type { AppContext } from "../app/app-context.ts";
import { openDeliverer } from "../app/open-deliverer.ts";
import type { DelivererEvent } from "../app/webhook-deliverer.ts";
import { toError } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import type { Instruments } from "../telemetry/metrics/instruments.ts";

/** What is being sent when the server stops may take so long; then it is left to another server. */
const drainMs = 5_000;

/**
 * Tells outgoing webhooks what runs do, until it is disposed of; without any, it does nothing at all.
 *
 * @param log told of what an operator has to know
 * @param count told of each attempt
 * @throws MahavishnuError WEBHOOK_SECRET, CONFIG_INVALID; UserFileError SECRET_UNRESOLVED.
 */
export async function sendWebhooks(
  app: AppContext,
  log: Log,
  count: Pick<Instruments, "countDelivery">,
): Promise<AsyncDisposable> {
  const deliverer = await openDeliverer(app, (event) => {
    if (event.kind === "attempted") {
      const { state } = event.outcome;
      count.countDelivery(state === "pending" ? "retried" : state);
    }
    logTrouble(log, event);
  });
  return { [Symbol.asyncDispose]: async () => await deliverer?.stop({ drainMs }) };
}

/** That a receiver does not answer now and then is in the list of deliveries; that one is given up has to be known. */
function logTrouble(log: Log, event: DelivererEvent): void {
  if (event.kind === "failed") {
    const { hook, error, retryMs } = event;
    log.warn("a webhook cannot be told of anything now; it is tried again", { hook, error: toError(error), retryMs });
    return;
  }
  const { delivery, outcome } = event;
  if (outcome.state !== "dead") return;
  log.warn("a delivery is given up; see `mahavishnu webhooks deliveries`", {
    hook: delivery.hook,
    delivery: delivery.id,
    reason: outcome.error ?? undefined,
  });
}

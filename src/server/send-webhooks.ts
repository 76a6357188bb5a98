import type { AppContext } from "../app/app-context.ts";
import { openDeliverer } from "../app/open-deliverer.ts";
import type { DelivererEvent } from "../app/webhook-deliverer.ts";
import { messageOf } from "../lib/errors.ts";
import type { Instruments } from "../telemetry/metrics/instruments.ts";

/** What is being sent when the server stops may take so long; then it is left to another server. */
const drainMs = 5_000;

/**
 * Tells outgoing webhooks what runs do, until it is disposed of; without any, it does nothing at all.
 *
 * @param say told in one line of what an operator has to know
 * @param count told of each attempt
 * @throws MahavishnuError WEBHOOK_SECRET, CONFIG_INVALID; UserFileError SECRET_UNRESOLVED.
 */
export async function sendWebhooks(
  app: AppContext,
  say: (line: string) => void,
  count: Pick<Instruments, "countDelivery">,
): Promise<AsyncDisposable> {
  const deliverer = await openDeliverer(app, (event) => {
    if (event.kind === "attempted") {
      const { state } = event.outcome;
      count.countDelivery(state === "pending" ? "retried" : state);
    }
    const line = describeTrouble(event);
    if (line !== null) say(line);
  });
  return { [Symbol.asyncDispose]: async () => await deliverer?.stop({ drainMs }) };
}

/** That a receiver does not answer now and then is in the list of deliveries; that one is given up has to be known. */
function describeTrouble(event: DelivererEvent): string | null {
  if (event.kind === "failed") {
    return `webhook ${event.hook} cannot be told of anything now: ${messageOf(event.error)}; tried again in ${event.retryMs / 1_000} s`;
  }
  const { delivery, outcome } = event;
  if (outcome.state !== "dead") return null;
  return `webhook ${delivery.hook}: ${delivery.id} is given up, ${outcome.error ?? "without a reason"}; see \`mahavishnu webhooks deliveries\``;
}

import { MahavishnuError } from "../lib/errors.ts";
import type { DeliveryRow } from "../store/webhook-contract.ts";
import type { AppContext } from "./app-context.ts";
import { attemptDelivery } from "./attempt-delivery.ts";
import { describeSource } from "./open-deliverer.ts";
import { makeTestDelivery } from "./webhook-event.ts";
import type { OutgoingHook } from "./webhook-hooks.ts";

/** Sends a message that says nothing to a hook, once and now, and keeps what came of it among its deliveries. */
export async function sendTestDelivery(context: AppContext, hook: OutgoingHook, claim: string): Promise<DeliveryRow> {
  const store = await context.store();
  const delivery = makeTestDelivery(hook.name, claim, Date.now(), await describeSource(context));
  await store.addDelivery(delivery, { claim, until: Date.now() + hook.timeoutMs + 30_000 });
  // Whoever asked waits for it, so there is one attempt.
  const outcome = await attemptDelivery({ ...delivery, attempts: hook.attempts }, hook, { signal: context.signal });
  const state = outcome.state === "delivered" ? "delivered" : "dead";
  await store.settleDelivery(delivery.id, claim, { ...outcome, state });
  const row = await store.getDelivery(delivery.id);
  if (row === null) throw new MahavishnuError("INTERNAL", "a delivery that was written is not in the store");
  return row;
}

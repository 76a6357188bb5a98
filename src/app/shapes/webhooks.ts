/** Shapes of what is asked and told about webhooks. No command loads them. */
import * as z from "zod";

const time = z.iso.datetime();
const hookName = z.string().regex(/^[A-Za-z][\w-]{0,63}$/);
const state = z.enum(["pending", "delivered", "dead"]);

export const webhook = z.strictObject({
  name: z.string(),
  direction: z.enum(["incoming", "outgoing"]),
  enabled: z.boolean(),
  subject: z.string().nullable(),
  workflow: z.string().nullable(),
  scheme: z.enum(["standard", "github"]),
  origin: z.string().nullable(),
  on: z.array(z.string()),
  workflows: z.array(z.string()),
  where: z.string().nullable(),
});

export const webhookList = z.strictObject({ items: z.array(webhook) });

export const delivery = z.strictObject({
  id: z.string(),
  webhook: z.string(),
  type: z.string(),
  runId: z.string().nullable(),
  state,
  attempts: z.int().min(0).max(Number.MAX_SAFE_INTEGER),
  createdAt: time,
  attemptedAt: time.nullable(),
  nextAt: time.nullable(),
  endedAt: time.nullable(),
  status: z.int().min(0).max(Number.MAX_SAFE_INTEGER).nullable(),
  error: z.string().nullable(),
});

export const deliveryPage = z.strictObject({ items: z.array(delivery), nextCursor: z.string().nullable() });

export const listWebhooksInput = z.strictObject({});
export const listDeliveriesInput = z.strictObject({
  webhook: hookName.exactOptional(),
  state: state.exactOptional(),
  limit: z.int().min(1).max(1_000).default(20),
  cursor: z
    .string()
    .regex(/^\d{1,15}$/)
    .exactOptional(),
});
export const oneDeliveryInput = z.strictObject({ id: z.string().regex(/^evt_[0-9a-f]{24}$/) });
export const oneWebhookInput = z.strictObject({ name: hookName });

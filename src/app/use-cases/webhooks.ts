import { randomUUID } from "node:crypto";
import { MahavishnuError } from "../../lib/errors.ts";
import type { DeliveryRow, DeliveryState } from "../../store/webhook-contract.ts";
import { definePreparedUseCase, defineUseCase } from "../use-case.ts";
import { hookSubject, noSuchHook, type OutgoingHook, readOutgoingHooks } from "../webhook-hooks.ts";
import { type DeliveryItem, viewDelivery, type WebhookItem } from "../webhook-view.ts";

/** The webhooks of the configuration. */
export interface WebhookList {
  readonly items: readonly WebhookItem[];
}

/** `webhooks list`. */
export const listWebhooks = defineUseCase<Readonly<Record<string, never>>, WebhookList>({
  name: "listWebhooks",
  permission: "webhooks:read",
  writes: false,
  resource: () => ({ name: "webhooks" }),
  run: async ({ loaded }) => {
    const { incoming, outgoing } = loaded.config.webhooks;
    const none = { subject: null, workflow: null, origin: null, on: [], workflows: [], where: null } as const;
    return await Promise.resolve({
      items: [
        ...Object.entries(incoming).map(([name, { enabled, workflow = null, scheme }]): WebhookItem => {
          return { name, direction: "incoming", enabled, ...none, subject: hookSubject(name), workflow, scheme };
        }),
        ...Object.entries(outgoing).map(([name, { enabled, url = "", on, workflows, where = null }]): WebhookItem => {
          const origin = URL.parse(url)?.origin ?? null;
          return { name, direction: "outgoing", enabled, ...none, scheme: "standard", origin, on, workflows, where };
        }),
      ],
    });
  },
});

/** Which deliveries to list. */
export interface ListDeliveriesInput {
  readonly webhook?: string;
  readonly state?: DeliveryState;
  readonly limit: number;
  /** `nextCursor` of the page before. */
  readonly cursor?: string;
}

/** A page of deliveries, newest first. */
export interface DeliveryPage {
  readonly items: readonly DeliveryItem[];
  readonly nextCursor: string | null;
}

/** `webhooks deliveries`. */
export const listWebhookDeliveries = defineUseCase<ListDeliveriesInput, DeliveryPage>({
  name: "listWebhookDeliveries",
  permission: "webhooks:read",
  writes: false,
  resource: () => ({ name: "webhooks" }),
  run: async (context, { webhook, state, limit, cursor }) => {
    if (cursor !== undefined && !/^\d{1,15}$/.test(cursor)) {
      const fix = "Give the nextCursor of the page before.";
      throw new MahavishnuError("USAGE", "this is no cursor of a list of deliveries", { fix });
    }
    const rows = await (
      await context.history()
    ).listDeliveries({
      limit: limit + 1,
      ...(webhook === undefined ? {} : { hook: webhook }),
      ...(state === undefined ? {} : { state }),
      ...(cursor === undefined ? {} : { beforePosition: Number(cursor) }),
    });
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    return {
      items: page.map(viewDelivery),
      nextCursor: rows.length > limit && last !== undefined ? String(last.position) : null,
    };
  },
});

/** Which delivery. */
export interface OneDeliveryInput {
  readonly id: string;
}

/** `webhooks redeliver`: a server sends it once more, with the same id and its attempts counted anew. */
export const redeliverWebhook = definePreparedUseCase<OneDeliveryInput, DeliveryItem, DeliveryRow>({
  name: "redeliverWebhook",
  permission: "webhooks:write",
  writes: true,
  prepare: async (context, { id }) => {
    const row = await (await context.history()).getDelivery(id);
    if (row === null) throw noSuchDelivery(id);
    if (!Object.hasOwn(context.loaded.config.webhooks.outgoing, row.hook)) throw noSuchHook(row.hook);
    return row;
  },
  resource: ({ id }) => ({ name: `delivery:${id}` }),
  changes: ({ state, attempts }) => ({ before: { state, attempts }, after: { state: "pending", attempts: 0 } }),
  run: async (context, { id }) => {
    const store = await context.store();
    await store.reviveDelivery(id);
    const row = await store.getDelivery(id);
    if (row === null) throw noSuchDelivery(id);
    return viewDelivery(row);
  },
});

function noSuchDelivery(id: string): MahavishnuError {
  return new MahavishnuError("WEBHOOK_NOT_FOUND", `there is no delivery ${JSON.stringify(id)}`);
}

/** Which outgoing webhook. */
export interface OneWebhookInput {
  readonly name: string;
}

/** `webhooks test`: sends a message that says nothing, here and now, once. */
export const testWebhook = definePreparedUseCase<OneWebhookInput, DeliveryItem, OutgoingHook>({
  name: "testWebhook",
  permission: "webhooks:write",
  writes: true,
  prepare: (context, { name }) => {
    const [hook] = readOutgoingHooks(context, name);
    if (hook === undefined) throw noSuchHook(name);
    return hook;
  },
  resource: ({ name }) => ({ name: `webhook:${name}` }),
  run: async (context, hook) => {
    const { sendTestDelivery } = await import("../send-test-delivery.ts");
    return viewDelivery(await sendTestDelivery(context, hook, randomUUID()));
  },
});

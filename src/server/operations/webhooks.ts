import * as shapes from "../../app/shapes/webhooks.ts";
import { listWebhookDeliveries, listWebhooks, redeliverWebhook, testWebhook } from "../../app/use-cases/webhooks.ts";
import { type Operation, operation } from "./operation.ts";

const tag = "webhooks";

/** What other programs are told, and what became of it. */
export const webhookOperations: readonly Operation[] = [
  operation(tag, {
    useCase: listWebhooks,
    method: "GET",
    path: "/v1/webhooks",
    summary: "Lists webhooks, without their secrets",
    input: shapes.listWebhooksInput,
    output: shapes.webhookList,
  }),
  operation(tag, {
    useCase: listWebhookDeliveries,
    method: "GET",
    path: "/v1/webhooks/deliveries",
    summary: "Lists what was sent or is to be sent, the newest first",
    input: shapes.listDeliveriesInput,
    output: shapes.deliveryPage,
  }),
  operation(tag, {
    useCase: redeliverWebhook,
    method: "POST",
    path: "/v1/webhooks/deliveries/{id}/redeliver",
    summary: "Sends a delivery once more",
    input: shapes.oneDeliveryInput,
    output: shapes.delivery,
    status: 202,
  }),
  operation(tag, {
    useCase: testWebhook,
    method: "POST",
    path: "/v1/webhooks/outgoing/{name}/test",
    summary: "Sends a message that says nothing, once and now",
    input: shapes.oneWebhookInput,
    output: shapes.delivery,
  }),
];

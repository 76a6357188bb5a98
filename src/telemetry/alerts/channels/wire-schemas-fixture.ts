/*
 * What receivers take, as JSON Schemas written from their documentation; for tests. Nothing that they do not know is allowed, so that a misspelt
 * name is found.
 */

/** https://developer.pagerduty.com/docs/send-alert-event */
export const pagerDutySchema = {
  type: "object",
  required: ["routing_key", "event_action", "dedup_key"],
  additionalProperties: false,
  properties: {
    routing_key: { type: "string", pattern: "^[0-9a-zA-Z]{32}$" },
    event_action: { enum: ["trigger", "acknowledge", "resolve"] },
    dedup_key: { type: "string", minLength: 1, maxLength: 255 },
    client: { type: "string" },
    client_url: { type: "string", format: "uri" },
    links: {
      type: "array",
      items: {
        type: "object",
        required: ["href"],
        additionalProperties: false,
        properties: { href: { type: "string", format: "uri" }, text: { type: "string" } },
      },
    },
    payload: {
      type: "object",
      required: ["summary", "source", "severity"],
      additionalProperties: false,
      properties: {
        summary: { type: "string", minLength: 1, maxLength: 1024 },
        source: { type: "string", minLength: 1 },
        severity: { enum: ["critical", "error", "warning", "info"] },
        timestamp: { type: "string", format: "date-time" },
        component: { type: "string" },
        group: { type: "string" },
        class: { type: "string" },
        custom_details: { type: "object" },
      },
    },
  },
  anyOf: [{ properties: { event_action: { enum: ["acknowledge", "resolve"] } } }, { required: ["payload"] }],
} as const;

/** https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks, https://docs.slack.dev/reference/block-kit/blocks/section-block */
export const slackSchema = {
  type: "object",
  required: ["text", "attachments"],
  additionalProperties: false,
  properties: {
    text: { type: "string", minLength: 1, maxLength: 4000 },
    attachments: {
      type: "array",
      maxItems: 100,
      items: {
        type: "object",
        required: ["color", "blocks"],
        additionalProperties: false,
        properties: {
          color: { type: "string", pattern: "^#[0-9a-f]{6}$" },
          blocks: {
            type: "array",
            minItems: 1,
            maxItems: 50,
            items: {
              type: "object",
              required: ["type", "text"],
              additionalProperties: false,
              properties: {
                type: { const: "section" },
                text: {
                  type: "object",
                  required: ["type", "text"],
                  additionalProperties: false,
                  properties: { type: { const: "mrkdwn" }, text: { type: "string", minLength: 1, maxLength: 3000 } },
                },
              },
            },
          },
        },
      },
    },
  },
} as const;

/** https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml, `postableAlerts`; names of labels as Prometheus has them. */
export const alertmanagerSchema = {
  type: "array",
  minItems: 1,
  items: {
    type: "object",
    required: ["labels"],
    additionalProperties: false,
    properties: {
      labels: {
        type: "object",
        required: ["alertname"],
        propertyNames: { pattern: "^[a-zA-Z_][a-zA-Z0-9_]*$" },
        additionalProperties: { type: "string" },
      },
      annotations: {
        type: "object",
        propertyNames: { pattern: "^[a-zA-Z_][a-zA-Z0-9_]*$" },
        additionalProperties: { type: "string" },
      },
      startsAt: { type: "string", format: "date-time" },
      endsAt: { type: "string", format: "date-time" },
      generatorURL: { type: "string", format: "uri" },
    },
  },
} as const;

/** https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/cloudevents.json */
export const cloudEventSchema = {
  type: "object",
  required: ["id", "source", "specversion", "type"],
  properties: {
    id: { type: "string", minLength: 1 },
    source: { type: "string", minLength: 1 },
    specversion: { const: "1.0" },
    type: { type: "string", minLength: 1 },
    datacontenttype: { type: "string", minLength: 1 },
    subject: { type: "string", minLength: 1 },
    time: { type: "string", format: "date-time" },
    data: { type: "object" },
  },
  additionalProperties: false,
} as const;

import type { FastifyInstance } from "fastify";
import type { AppContext } from "../../app/app-context.ts";
import { openReceiver } from "../../app/receive-webhook.ts";
import { hookSubject, readIncomingHooks } from "../../app/webhook-hooks.ts";
import { MahavishnuError } from "../../lib/errors.ts";
import type { Guard } from "../callers/guard-callers.ts";
import type { NotedRequests } from "./noted-requests.ts";
import { refuseQuery } from "./refuse-query.ts";
import { isDeeper, maxDepth } from "./parse-json.ts";
import type { RefusalTrail } from "../callers/refusal-trail.ts";

/** What the route needs of the server. */
export interface WebhookRouteParts {
  readonly app: AppContext;
  readonly guard: Pick<Guard, "admitStranger">;
  readonly refusals: RefusalTrail;
  readonly noted: NotedRequests;
}

/**
 * Adds `POST /v1/webhooks/{name}`. It takes no token: the signature over the bytes of the body tells who sends, so they are not
 * parsed before it is proved. Whatever is wrong with a message, its sender hears the same.
 *
 * @throws MahavishnuError WEBHOOK_SECRET; UserFileError SECRET_UNRESOLVED.
 */
export function addWebhookRoute(server: FastifyInstance, { app, guard, refusals, noted }: WebhookRouteParts): void {
  const receive = openReceiver(app, readIncomingHooks(app));
  void server.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
    scope.post("/v1/webhooks/:name", { onRequest: guard.admitStranger }, async (request, reply) => {
      const { name } = request.params as { readonly name: string };
      refuseQuery(request);
      const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
      if (isDeeper(body, maxDepth)) throw new MahavishnuError("USAGE", `a body is nested at most ${maxDepth} deep`);
      const gone = new AbortController();
      reply.raw.once("close", () => gone.abort());
      const { headers, ip: from, id: requestId } = request;
      const reception = await receive({ name, headers, body, from, requestId, signal: gone.signal });
      if (reception.kind === "refused") {
        await refusals.note(request, null, reception.reason);
        throw new MahavishnuError("UNAUTHENTICATED", "the message does not count");
      }
      if (reception.kind === "ping") return await reply.code(204).send();
      const { runId, created } = reception;
      noted.note(request, { actor: hookSubject(name), runId });
      reply.code(202).header("location", `/v1/runs/${runId}`).type("application/json");
      return await reply.send(JSON.stringify({ runId, created }));
    });
  });
}

const header = (name: string, description: string): object => ({
  name,
  in: "header",
  required: false,
  description,
  schema: { type: "string", maxLength: 4096 },
});

/** The route in the OpenAPI document: it is no use-case of its own, so it stands in no table. */
export const webhookPaths: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  "/v1/webhooks/{name}": {
    post: {
      operationId: "receiveWebhook",
      summary: "Takes a signed message and starts the workflow of its webhook",
      description:
        "Takes no token: the message is signed as Standard Webhooks or as GitHub does. It starts a run as `service:webhook-NAME`, which takes `runs:start`.",
      tags: ["webhooks"],
      security: [],
      parameters: [
        { name: "name", in: "path", required: true, schema: { type: "string", maxLength: 200 } },
        header("webhook-id", "Standard Webhooks: the message's id."),
        header("webhook-timestamp", "Standard Webhooks: when it was signed, in seconds."),
        header(
          "webhook-signature",
          "Standard Webhooks: `v1,` and the signature in base64, several with blanks between.",
        ),
        header("X-Hub-Signature-256", "GitHub: `sha256=` and the signature in hex."),
        header("X-GitHub-Delivery", "GitHub: the delivery's id."),
        header("X-GitHub-Event", "GitHub: `ping` starts nothing."),
      ],
      requestBody: { required: false, content: { "application/json": { schema: {} } } },
      responses: {
        202: {
          description: "It has begun.",
          headers: { Location: { required: true, schema: { type: "string" } } },
          content: {
            "application/json": {
              schema: {
                type: "object",
                properties: { runId: { type: "string" }, created: { type: "boolean" } },
                required: ["runId", "created"],
                additionalProperties: false,
              },
            },
          },
        },
        204: { description: "A ping of GitHub: somebody is there." },
        default: { $ref: "#/components/responses/Problem" },
      },
    },
  },
};

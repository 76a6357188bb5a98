import type { FastifyInstance } from "fastify";
import type { AppContext } from "../../app/app-context.ts";
import { perform } from "../../app/perform.ts";
import { readMetrics } from "../../app/use-cases/metrics.ts";
import type { Metrics } from "../../telemetry/metrics/metrics.ts";
import { negotiateExposition } from "../../telemetry/metrics/negotiate-exposition.ts";
import { expositionTypes } from "../../telemetry/metrics/render-exposition.ts";
import type { Guard } from "../callers/guard-callers.ts";
import type { IdentifiedCaller } from "../callers/identify-caller.ts";
import { refuseQuery } from "../http/refuse-query.ts";

/** What the route needs of the server. */
export interface MetricsRouteParts {
  readonly app: AppContext;
  readonly guard: Pick<Guard, "identify">;
  readonly metrics: Metrics;
}

/** Adds `/metrics`: what Prometheus reads, in the form that it asks for. */
export function addMetricsRoute(server: FastifyInstance, { app, guard, metrics }: MetricsRouteParts): void {
  const callers = new WeakMap<object, IdentifiedCaller>();
  server.route({
    method: "GET",
    url: "/metrics",
    exposeHeadRoute: true,
    onRequest: async (request, reply) => void callers.set(request, await guard.identify(request, reply)),
    handler: async (request, reply) => {
      refuseQuery(request);
      const form = negotiateExposition(request.headers.accept);
      const caller = callers.get(request) as IdentifiedCaller;
      const gone = new AbortController();
      reply.raw.once("close", () => gone.abort());
      const context = app.actFor({ ...caller, requestId: request.id, signal: gone.signal });
      const text = await perform(context, readMetrics, {
        render: metrics.isEnabled ? async () => await metrics.render(form) : null,
      });
      reply.header("cache-control", "no-store").header("vary", "Accept");
      return await reply.type(expositionTypes[form]).send(text);
    },
  });
}

const textContent = { schema: { type: "string" } };

/** The route in the OpenAPI document: its answer is no JSON, so it stands in no table. */
export const metricsPaths: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  "/metrics": {
    get: {
      operationId: "readMetrics",
      summary: "Tells what is counted and measured, for Prometheus",
      description:
        "Takes the permission `telemetry:read`, for the whole workspace. `Accept` decides between Prometheus text 0.0.4 and OpenMetrics 1.0.0. It is not there with `telemetry.metrics.enabled: false`.",
      "x-permission": "telemetry:read",
      tags: ["telemetry"],
      responses: {
        200: {
          description: "The metrics of docs/reference/metrics.md.",
          content: { "text/plain": textContent, "application/openmetrics-text": textContent },
        },
        default: { $ref: "#/components/responses/Problem" },
      },
    },
  },
};

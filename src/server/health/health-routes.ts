import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import * as z from "zod";
import { authorize } from "../../access/authorize.ts";
import { describeAccessPolicy } from "../../app/access-policy.ts";
import type { AppContext } from "../../app/app-context.ts";
import { MahavishnuError } from "../../lib/errors.ts";
import { version } from "../../lib/version.ts";
import type { Check, HealthBoard, HealthReport, HealthStatus } from "./health-board.ts";
import type { IdentifiedCaller } from "../callers/identify-caller.ts";
import { schemaOf } from "../http/request-validator.ts";

/** What the health of a server is told from. */
export interface HealthSource {
  readonly board: HealthBoard;
  /** Whether the server has begun to do all that it is there for; it stays so. */
  readonly hasStarted: () => boolean;
}

/** What the routes need of the server. */
export interface HealthRoutesOptions {
  readonly app: AppContext;
  readonly health: HealthSource;
  /** Who asks. @throws MahavishnuError UNAUTHENTICATED, RATE_LIMITED */
  readonly identify: (request: FastifyRequest, reply: FastifyReply) => Promise<IdentifiedCaller>;
}

/** The version of the API, as the health documents name it; `releaseId` is that of the product. */
const apiVersion = "1";

/**
 * Adds `/livez`, `/readyz` and `/startupz`: documents of the draft "Health Check Response Format for HTTP APIs" that anybody may read.
 * `?verbose` shows the parts; their values and reasons are shown to those alone who may `adapters:read`.
 */
export function addHealthRoutes(server: FastifyInstance, { app, health, identify }: HealthRoutesOptions): void {
  const { board, hasStarted } = health;

  const knowsReasons = async (request: FastifyRequest, reply: FastifyReply): Promise<boolean> => {
    if (app.loaded.config.auth.enabled && request.headers.authorization === undefined) return false;
    try {
      const { subject } = await identify(request, reply);
      return authorize(describeAccessPolicy(app), { subject, permission: "adapters:read" }).allowed;
    } catch {
      // Whoever cannot be known is a stranger: a probe is answered all the same.
      return false;
    }
  };

  const add = (path: string, report: () => Promise<HealthReport>): void => {
    server.get(path, async (request, reply) => {
      const isVerbose = readVerbose(request.query as Readonly<Record<string, unknown>>);
      const showsReasons = isVerbose && (await knowsReasons(request, reply));
      const { status, checks } = await report();
      const document = {
        status,
        version: apiVersion,
        ...(showsReasons ? { releaseId: version } : {}),
        ...(isVerbose ? { checks: describeChecks(checks, showsReasons) } : {}),
      };
      reply.code(status === "fail" ? 503 : 200).header("cache-control", "no-store");
      return await reply.type("application/health+json").send(JSON.stringify(document));
    });
  };

  // That it answers is all there is to it: what a restart does not mend must not lead to one.
  add("/livez", async () => ({ status: "pass", checks: [simpleCheck("server:alive", "pass")] }));
  add("/readyz", async () => await board.tell());
  add("/startupz", async () => {
    const status = hasStarted() ? "pass" : "fail";
    return { status, checks: [simpleCheck("server:started", status)] };
  });
}

function simpleCheck(name: string, status: HealthStatus): Check {
  return { name, componentType: "component", status, time: Date.now() };
}

function describeChecks(checks: readonly Check[], showsReasons: boolean): Readonly<Record<string, readonly object[]>> {
  return Object.fromEntries(
    checks.map(({ name, time, ...check }) => [
      name,
      [
        showsReasons
          ? { ...check, time: new Date(time).toISOString() }
          : { componentType: check.componentType, status: check.status },
      ],
    ]),
  );
}

/** `?verbose`, `?verbose=true`, or nothing. @throws MahavishnuError USAGE */
function readVerbose(query: Readonly<Record<string, unknown>>): boolean {
  const { verbose = "false", ...others } = query;
  const unknown = Object.keys(others)[0];
  if (unknown !== undefined)
    throw new MahavishnuError("USAGE", `query has no ${unknown}`, { fix: "Ask with ?verbose." });
  if (verbose === "" || verbose === "true") return true;
  if (verbose === "false") return false;
  throw new MahavishnuError("USAGE", "query: verbose must be true or false");
}

const healthStatus = z.enum(["pass", "warn", "fail"]);

const healthShape = z.strictObject({
  status: healthStatus,
  version: z.literal(apiVersion),
  releaseId: z.string().optional(),
  checks: z
    .record(
      z.string(),
      z.array(
        z.strictObject({
          componentType: z.enum(["component", "datastore", "system"]),
          status: healthStatus,
          observedValue: z.union([z.number(), z.string()]).optional(),
          observedUnit: z.string().optional(),
          output: z.string().optional(),
          time: z.string().optional(),
        }),
      ),
    )
    .optional(),
});

/** The routes in the OpenAPI document: they are no use-cases, so they stand in no table. */
export const healthPaths: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  "/livez": describeProbe("checkLiveness", "Tells that the server answers"),
  "/readyz": describeProbe("checkReadiness", "Tells whether requests may be sent here"),
  "/startupz": describeProbe("checkStartup", "Tells whether the server has begun to do all that it is there for"),
};

function describeProbe(operationId: string, summary: string): Readonly<Record<string, unknown>> {
  const content = { "application/health+json": { schema: schemaOf(healthShape, "output") } };
  return {
    get: {
      operationId,
      summary,
      description: "Takes no token. With one that may `adapters:read`, `verbose` shows values and reasons too.",
      tags: ["health"],
      security: [],
      parameters: [
        {
          name: "verbose",
          in: "query",
          required: false,
          description: "Shows the parts. It may stand alone: `?verbose`.",
          schema: { type: "string", enum: ["", "true", "false"] },
        },
      ],
      responses: {
        200: { description: "It does; with `warn`, somebody should look.", content },
        503: {
          description: "It does not; a problem when the server is about to close.",
          content: { ...content, "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
        },
        default: { $ref: "#/components/responses/Problem" },
      },
    },
  };
}

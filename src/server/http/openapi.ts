import * as z from "zod";
import { errorCatalogue } from "../../lib/error-catalogue.ts";
import { version } from "../../lib/version.ts";
import { cookieName } from "../login/cookies.ts";
import { healthPaths } from "../health/health-routes.ts";
import { metricsPaths } from "../metrics/metrics-route.ts";
import type { Operation } from "../operations/operation.ts";
import { webhookPaths } from "./webhook-route.ts";
import { schemaOf } from "./request-validator.ts";

type Json = Record<string, unknown>;

const problemShape = z.strictObject({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  instance: z.string(),
  code: z.enum(Object.keys(errorCatalogue) as [string, ...string[]]),
  fix: z.string(),
  diagnostics: z.array(z.looseObject({ file: z.string(), line: z.int(), column: z.int(), message: z.string() })),
});

const purpose = `Durable workflows across many git repositories. Every failure is a problem of RFC 9457.

Each GET but a stream answers to HEAD too. Where authentication is off, no token is asked for. The pages for people (\`/\`, \`/login\`,
\`/login/callback\`, \`/logout\`) are no part of the API, and are not described here.`;

/** The document describes itself. */
const documentPaths: Readonly<Record<string, Json>> = {
  "/openapi.json": {
    get: {
      operationId: "readApiDocument",
      summary: "Shows this document",
      description: "Takes no token.",
      tags: ["document"],
      security: [],
      responses: {
        200: {
          description: "The answer.",
          content: {
            "application/json": {
              schema: {
                type: "object",
                properties: { openapi: { const: "3.1.0" }, paths: { type: "object" }, components: { type: "object" } },
                required: ["openapi", "paths", "components"],
              },
            },
          },
        },
        default: { $ref: "#/components/responses/Problem" },
      },
    },
  },
};

/**
 * The OpenAPI 3.1 document of the API: made of the same operations and shapes that requests are checked against.
 *
 * @example
 * const { paths } = describeApi(operations);
 */
export function describeApi(
  operations: readonly Operation[],
): Json & { readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>> } {
  const paths: Record<string, Json> = {};
  for (const operation of operations) {
    (paths[operation.path] ??= {})[operation.method.toLowerCase()] = describeOperation(operation);
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Mahavishnu",
      version,
      description: purpose,
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/" }],
    security: [{ token: [] }, { session: [] }, { secureSession: [] }],
    tags: [...new Set([...operations.map(({ tag }) => tag), "telemetry", "health", "document"])].map((name) => ({
      name,
    })),
    paths: { ...paths, ...webhookPaths, ...healthPaths, ...metricsPaths, ...documentPaths },
    components: {
      securitySchemes: {
        token: { type: "http", scheme: "bearer", bearerFormat: "JWT" },
        session: {
          type: "apiKey",
          in: "cookie",
          name: cookieName("session", false),
          description:
            "Who has signed in with a browser. What changes something is done for pages of this server alone.",
        },
        secureSession: {
          type: "apiKey",
          in: "cookie",
          name: cookieName("session", true),
          description: "The same over https.",
        },
      },
      schemas: { Problem: schemaOf(problemShape, "output") },
      responses: {
        Problem: {
          description: "What went wrong, and what to do about it.",
          content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
        },
      },
    },
  };
}

function describeOperation(operation: Operation): Json {
  const { id, summary, tag, permission, parts, status, hasLocation } = operation;
  const { body } = parts;
  const parameters = [
    ...listParameters("path", parts.params),
    ...listParameters("query", parts.query),
    ...listParameters("header", parts.headers),
  ];
  return {
    operationId: id,
    summary,
    tags: [tag],
    description: `Takes the permission \`${permission}\`.`,
    "x-permission": permission,
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: isNeeded(body),
            content: { "application/json": { schema: schemaOf(body, "input") } },
          },
        }),
    responses: {
      [status]: {
        description: status === 202 ? "It has begun." : status === 201 ? "It is there." : "The answer.",
        ...(hasLocation ? { headers: { Location: { required: true, schema: { type: "string" } } } } : {}),
        content: describeContent(operation),
      },
      ...(operation.method === "GET" && operation.events === null
        ? { 304: { description: "It has not changed." } }
        : {}),
      default: { $ref: "#/components/responses/Problem" },
    },
  };
}

function describeContent({ events, output }: Operation): Json {
  if (events === null) return { "application/json": { schema: schemaOf(output, "output") } };
  const shapes = Object.entries(events).map(([event, data]) => [event, schemaOf(data, "output")] as const);
  return {
    "text/event-stream": {
      // What one event may be called, with the schema of its data: OpenAPI 3.1 has no words of its own for it.
      schema: { type: "string" },
      "x-events": Object.fromEntries(shapes),
    },
  };
}

function listParameters(place: "path" | "query" | "header", shape: z.ZodObject | undefined): Json[] {
  if (shape === undefined) return [];
  const { properties = {}, required = [] } = schemaOf(shape, "input") as {
    readonly properties?: Readonly<Record<string, Json>>;
    readonly required?: readonly string[];
  };
  return Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: place,
    required: place === "path" || required.includes(name),
    ...(description === undefined ? {} : { description }),
    // It is what OpenAPI takes for granted, and not what every reader of it does.
    ...(place === "query" && schema["type"] === "array" ? { style: "form", explode: true } : {}),
    schema,
  }));
}

/** Whether a body without any key would be refused. */
function isNeeded(body: z.ZodType): boolean {
  return !body.safeParse({}).success;
}

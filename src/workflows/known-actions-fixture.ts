import type { KnownAction } from "./check-structure.ts";

/** Actions as the parser knows them, for its tests. */
export const knownActions: ReadonlyMap<string, KnownAction> = new Map<string, KnownAction>([
  [
    "git/commit",
    {
      needsRepository: true,
      inputSchema: {
        type: "object",
        properties: {
          branch: { type: "string" },
          message: { type: "string", minLength: 1 },
          hooks: { type: "boolean" },
        },
        required: ["message"],
        additionalProperties: false,
      },
    },
  ],
  [
    "report/summary",
    { needsRepository: false, inputSchema: { type: "object", properties: { formats: { type: "array" } } } },
  ],
]);

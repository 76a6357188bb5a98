/** Shapes of what is asked and told about adapters. No command loads them: see `src/cli/json-schemas.ts`. */
import * as z from "zod";

export const adapter = z.strictObject({
  name: z.string(),
  offers: z.array(z.enum(["engine", "actions"])),
  enabled: z.boolean(),
  version: z.string(),
  capabilities: z.strictObject({
    clustered: z.boolean(),
    takeover: z.enum(["self", "platform"]),
    stepAbort: z.boolean(),
    pause: z.boolean(),
    durability: z.enum(["power-loss", "process"]),
  }),
  actions: z.array(z.string()),
});

export const adapterHealth = z.strictObject({
  name: z.string(),
  state: z.enum(["up", "down"]),
  reason: z.string(),
  layers: z.array(z.strictObject({ name: z.string(), ms: z.number() })),
  canary: z.strictObject({ nonce: z.string(), echo: z.string().nullable() }).nullable(),
});

export const adapterList = z.strictObject({ items: z.array(adapter), nextCursor: z.null() });
export const adapterHealthList = z.strictObject({ items: z.array(adapterHealth), nextCursor: z.null() });

export const listAdaptersInput = z.strictObject({});
export const checkAdapterHealthInput = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,63}$/)
    .exactOptional(),
  deadlineMs: z.int().min(1).max(60_000).exactOptional(),
});

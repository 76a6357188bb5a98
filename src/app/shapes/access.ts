/** Shapes of what is asked and told about who may do what. No command loads them. */
import * as z from "zod";
import { permissions } from "../../access/permissions.ts";

const permission = z.enum(permissions);
const binding = z.strictObject({ subject: z.string(), role: z.string(), where: z.string().nullable() });

export const accessView = z.strictObject({
  localOwner: z.string().nullable(),
  roles: z.array(
    z.strictObject({
      name: z.string(),
      builtIn: z.boolean(),
      description: z.string().nullable(),
      permissions: z.array(permission),
      extends: z.array(z.string()),
    }),
  ),
  bindings: z.array(binding.extend({ from: z.enum(["configuration", "token"]) })),
  oidc: z.strictObject({ issuer: z.string(), audience: z.string() }).nullable(),
});

export const accessExplanation = z.strictObject({
  subject: z.string(),
  action: permission,
  resource: z.string(),
  repositories: z.array(z.string()),
  allowed: z.boolean(),
  reason: z.string(),
  considered: z.array(binding.extend({ helps: z.boolean(), lacks: z.string().nullable() })),
});

export const identity = z.strictObject({
  subject: z.string(),
  groups: z.array(z.string()),
  tokenId: z.string().nullable(),
  isOwner: z.boolean(),
  bindings: z.array(binding),
  permissions: z.array(permission),
  scoped: z.array(permission),
});

export const showAccessInput = z.strictObject({});
export const whoAmIInput = z.strictObject({});

export const explainAccessInput = z.strictObject({
  subject: z.string().regex(/^(?:local|user|service|group|token):[^\s\p{C}\p{Z}]{1,200}$/u),
  groups: z
    .array(z.string().regex(/^group:[^\s\p{C}\p{Z}]{1,200}$/u))
    .max(100)
    .exactOptional(),
  action: permission,
  resource: z
    .string()
    .regex(/^[A-Za-z0-9._:-]{1,220}$/)
    .exactOptional(),
});

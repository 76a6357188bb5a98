/** Shapes of what is asked and told about tokens and their keys. No command loads them. */
import * as z from "zod";

const time = z.iso.datetime();
/** `user:dana` or `service:ci`. */
const tokenSubject = z.string().regex(/^(?:user|service):[^\s\p{C}\p{Z}]{1,200}$/u);
const tokenId = z.string().regex(/^[0-9a-z]{10}$/);
const roleName = z.string().regex(/^[A-Za-z][\w-]{0,63}$/);

export const token = z.strictObject({
  id: z.string(),
  subject: z.string(),
  name: z.string().nullable(),
  role: z.string().nullable(),
  where: z.string().nullable(),
  state: z.enum(["valid", "expired", "revoked", "ended"]),
  createdBy: z.string(),
  createdAt: time,
  expiresAt: time,
  revokedBy: z.string().nullable(),
  revokedAt: time.nullable(),
  usedAt: time.nullable(),
  usedFrom: z.string().nullable(),
});

export const createdToken = z.strictObject({ token: z.string(), item: token });
export const tokenPage = z.strictObject({ items: z.array(token), nextCursor: z.string().nullable() });
export const revokedTokens = z.strictObject({ revoked: z.array(z.string()), sessions: z.int().min(0) });

const signingKey = z.strictObject({
  kid: z.string(),
  algorithm: z.enum(["EdDSA", "HS256"]),
  createdAt: time,
  retiredAt: time.nullable(),
  endedAt: time.nullable(),
  neededUntil: time.nullable(),
});

export const rotatedKeys = z.strictObject({ kid: z.string(), keys: z.array(signingKey) });

export const createTokenInput = z.strictObject({
  subject: tokenSubject,
  name: z
    .string()
    .regex(/^[^\p{C}]{1,100}$/u)
    .exactOptional(),
  role: roleName.exactOptional(),
  where: z.string().min(1).max(4096).exactOptional(),
  ttlMs: z.int().min(1_000).max(31_622_400_000).exactOptional(),
});

export const listTokensInput = z.strictObject({
  subject: tokenSubject.exactOptional(),
  limit: z.int().min(1).max(1_000).default(50),
  cursor: z
    .string()
    .regex(/^\d{1,15}$/)
    .exactOptional(),
});

export const revokeTokenInput = z.union([z.strictObject({ id: tokenId }), z.strictObject({ subject: tokenSubject })]);

export const rotateKeysInput = z.strictObject({ retireNow: z.boolean().exactOptional() });

import { MahavishnuError } from "../../lib/errors.ts";
import { newTokenId } from "../../lib/ids.ts";
import type { TokenRow } from "../../store/identity-contract.ts";
import { readAccessPolicy } from "../access-policy.ts";
import type { AppContext } from "../app-context.ts";
import { describeToken, tell, type TokenItem } from "../describe-token.ts";
import { openIssuer } from "../open-identity.ts";
import { checkTokenWish, findExcess, type TokenWish } from "../token-wish.ts";
import { definePreparedUseCase, defineUseCase } from "../use-case.ts";

/** A new token. */
export interface CreatedToken {
  /** The token itself. It is nowhere else, and cannot be shown again. */
  readonly token: string;
  readonly item: TokenItem;
}

interface PreparedToken {
  readonly id: string;
  readonly wish: TokenWish;
  readonly ttlMs: number;
}

/** `token create`. */
export const createToken = definePreparedUseCase<TokenWish, CreatedToken, PreparedToken>({
  name: "createToken",
  permission: "access:write",
  writes: true,
  prepare: async (context, wish) => {
    await checkTokenWish(context, wish);
    return { id: newTokenId(), wish, ttlMs: wish.ttlMs ?? context.loaded.config.auth.tokenTtl };
  },
  resource: ({ id }) => ({ name: `token:${id}` }),
  changes: ({ wish, ttlMs }) => {
    const { subject, name = null, role = null, where = null } = wish;
    return { before: null, after: { subject, name, role, where, ttlMs } };
  },
  run: async (context, { id, wish, ttlMs }) => {
    await refuseExcess(context, wish);
    const { issueToken } = await import("../../access/issue-token.ts");
    const { subject, name = null, role = null, where: scope = null } = wish;
    const request = { id, subject, name, role, scope, ttlMs, createdBy: context.subject.name };
    const { text } = await issueToken(request, await openIssuer(context));
    const row = await (await context.store()).getToken(id);
    if (row === null) throw new MahavishnuError("INTERNAL", "a token that was registered is not in the register");
    return { token: text, item: describeToken(row, Date.now()) };
  },
});

/** Nobody gives what they do not have. The door writes the refusal down. */
async function refuseExcess(context: AppContext, wish: TokenWish): Promise<void> {
  const { subject } = context;
  const excess = findExcess(await readAccessPolicy(context), subject, wish);
  if (excess.length === 0) return;
  const reason = `${subject.name} would give what they do not have: ${excess.join(", ")}`;
  const fix = "Ask an admin to make the token, or give it a role with fewer permissions.";
  throw new MahavishnuError("ACCESS_DENIED", reason, { fix });
}

/** Which tokens to list. */
export interface ListTokensInput {
  readonly subject?: string;
  readonly limit: number;
  /** `nextCursor` of the page before. */
  readonly cursor?: string;
}

/** A page of tokens, newest first. */
export interface TokenPage {
  readonly items: readonly TokenItem[];
  readonly nextCursor: string | null;
}

/** `token list`. */
export const listTokens = defineUseCase<ListTokensInput, TokenPage>({
  name: "listTokens",
  permission: "access:read",
  writes: false,
  resource: () => ({ name: "tokens" }),
  run: async (context, { subject, limit, cursor }) => {
    const store = await context.history();
    const rows = await store.listTokens({
      limit: limit + 1,
      ...(subject === undefined ? {} : { subject }),
      ...(cursor === undefined ? {} : { beforePosition: parseCursor(cursor) }),
    });
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    const now = Date.now();
    return {
      items: page.map((row) => describeToken(row, now)),
      nextCursor: rows.length > limit && last !== undefined ? String(last.position) : null,
    };
  },
});

function parseCursor(cursor: string): number {
  const position = Number(cursor);
  if (/^\d{1,15}$/.test(cursor)) return position;
  const fix = "Give the nextCursor of the page before.";
  throw new MahavishnuError("USAGE", "this is no cursor of a list of tokens", { fix });
}

/** Which tokens to revoke: one by its id, or all of a subject. */
export type RevokeTokenInput =
  | { readonly id: string; readonly subject?: never }
  | { readonly subject: string; readonly id?: never };

/** Tokens that do not count any more. */
export interface RevokedTokens {
  /** Those that counted until now; a token that was revoked before is not among them. */
  readonly revoked: readonly string[];
  /** Sessions of browsers that were ended with them; none when only one token was named. */
  readonly sessions: number;
}

interface PreparedRevocation {
  readonly input: RevokeTokenInput;
  readonly rows: readonly TokenRow[];
}

/** `token revoke`: at once, in every process. Of a subject, the sessions of its browsers end too. */
export const revokeToken = definePreparedUseCase<RevokeTokenInput, RevokedTokens, PreparedRevocation>({
  name: "revokeToken",
  permission: "access:write",
  writes: true,
  prepare: async (context, input) => {
    const store = await context.history();
    if ((input.id === undefined) === (input.subject === undefined)) {
      throw new MahavishnuError("USAGE", "either one token or a subject is to be named", { fix: "Name one of them." });
    }
    if (input.id === undefined) {
      const rows = await store.listTokens({ subject: input.subject, limit: 100 });
      return { input, rows: rows.filter((row) => describeToken(row, Date.now()).state === "valid") };
    }
    const row = await store.getToken(input.id);
    if (row === null) throw new MahavishnuError("TOKEN_NOT_FOUND", `there is no token ${JSON.stringify(input.id)}`);
    return { input, rows: [row] };
  },
  resource: ({ input }) => ({ name: input.id === undefined ? `tokens of ${input.subject}` : `token:${input.id}` }),
  changes: ({ rows }) => ({
    before: rows.map(({ id, subject, role, scope }) => ({ id, subject, role, where: scope })),
    after: null,
  }),
  run: async (context, { input }) => {
    const store = await context.store();
    const revocation = { by: context.subject.name, time: Date.now() };
    if (input.id !== undefined) {
      return { revoked: (await store.revokeToken(input.id, revocation)) ? [input.id] : [], sessions: 0 };
    }
    const revoked = await store.revokeTokensOf(input.subject, revocation);
    // Whoever is to be kept out is kept out, by whichever way they came in.
    return { revoked, sessions: await store.endSessionsOf(input.subject, revocation.time) };
  },
});

/** How to rotate. */
export interface RotateKeysInput {
  /** What older keys have signed counts no more. Without it, it counts until it expires. */
  readonly retireNow?: boolean;
}

/** A signing key. */
export interface KeyItem {
  readonly kid: string;
  readonly algorithm: "EdDSA" | "HS256";
  readonly createdAt: string;
  /** Since then it signs no new tokens; null for the one that signs. */
  readonly retiredAt: string | null;
  /** Since then its tokens do not count; null while they do. */
  readonly endedAt: string | null;
  /** When the last of its tokens expires; null when none is left. */
  readonly neededUntil: string | null;
}

/** The keys after a rotation, newest first. */
export interface RotatedKeys {
  /** The key that signs from now on. */
  readonly kid: string;
  readonly keys: readonly KeyItem[];
}

/** `token rotate`: makes a new signing key. */
export const rotateKeys = defineUseCase<RotateKeysInput, RotatedKeys>({
  name: "rotateKeys",
  permission: "access:write",
  writes: true,
  resource: () => ({ name: "signing-keys" }),
  changes: async ({ retireNow = false }, context) => {
    const keys = await (await context.history()).listSigningKeys();
    return {
      before: keys.slice(0, 20).map(({ kid }) => kid),
      after: { algorithm: context.loaded.config.auth.algorithm, retireNow },
    };
  },
  run: async (context, { retireNow = false }) => {
    const { ring } = await openIssuer(context);
    const { kid } = await ring.rotate({ endOthers: retireNow });
    const rows = await (await context.store()).listSigningKeys();
    const keys = rows.map((row): KeyItem => ({
      kid: row.kid,
      algorithm: row.algorithm,
      createdAt: tell(row.createdAt),
      retiredAt: row.retiredAt === null ? null : tell(row.retiredAt),
      endedAt: row.endedAt === null ? null : tell(row.endedAt),
      neededUntil: row.neededUntil === null ? null : tell(row.neededUntil),
    }));
    return { kid, keys };
  },
});

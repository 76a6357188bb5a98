import { type AccessPolicy, authorize, type Binding, bindingsOf } from "../access/authorize.ts";
import { isRole, permissionsOf, roles as builtIn } from "../access/roles.ts";
import { isTokenSubject, type Subject } from "../access/subject.ts";
import { MahavishnuError, messageOf } from "../lib/errors.ts";
import { didYouMean } from "../lib/suggest.ts";
import { compileSelector } from "../selectors/compile-selector.ts";
import { manifestTerms } from "../selectors/terms.ts";
import { readAccessPolicy } from "./access-policy.ts";
import type { AppContext } from "./app-context.ts";

/** What a token is to be. */
export interface TokenWish {
  /** `user:dana` or `service:ci`. */
  readonly subject: string;
  /** For lists; no two need differ. */
  readonly name?: string;
  /** The only role that it will have; without it, it acts with its subject's bindings. */
  readonly role?: string;
  /** The selector of repositories that the role is given for; all without it. */
  readonly where?: string;
  /** How long it is valid, in milliseconds; `auth.tokenTtl` without it. */
  readonly ttlMs?: number;
}

const longestTtlMs = 366 * 86_400_000;

/** @throws MahavishnuError USAGE for a wish that makes no sense. */
export async function checkTokenWish(context: AppContext, wish: TokenWish): Promise<void> {
  const { subject, name, role, where, ttlMs } = wish;
  if (!isTokenSubject(subject)) {
    const fix = "Name a user or a service: user:dana, service:ci.";
    throw new MahavishnuError("USAGE", `a token cannot be for ${JSON.stringify(subject)}`, { fix });
  }
  if (name !== undefined && !/^[^\p{C}]{1,100}$/u.test(name)) {
    throw new MahavishnuError("USAGE", "the name of a token is one line of 1 to 100 characters", {
      fix: "Shorten it.",
    });
  }
  if (ttlMs !== undefined && !(Number.isSafeInteger(ttlMs) && ttlMs >= 1_000 && ttlMs <= longestTtlMs)) {
    throw new MahavishnuError("USAGE", "a token is valid for 1s to 366d", { fix: "Give a duration between them." });
  }
  const custom = context.loaded.config.access.roles;
  if (role !== undefined && !isRole(role, custom)) {
    const fix = didYouMean(role, [...Object.keys(builtIn), ...Object.keys(custom)]);
    throw new MahavishnuError("USAGE", `there is no role ${JSON.stringify(role)}`, { fix });
  }
  if (where === undefined) return;
  if (role === undefined) {
    const fix = "Give the role that the token is to have there.";
    throw new MahavishnuError("USAGE", "a token without a role of its own cannot have a scope", { fix });
  }
  const { selectors } = await readAccessPolicy(context);
  try {
    compileSelector(where, "where", {
      allowed: manifestTerms,
      ...(selectors === undefined ? {} : { named: selectors }),
    });
  } catch (error) {
    const fix = "See `mahavishnu repos list -s SELECTOR`; a scope may name what the manifest says.";
    throw new MahavishnuError("USAGE", `this scope cannot be used: ${messageOf(error)}`, { fix, cause: error });
  }
}

/**
 * Rights that a token would have and whoever makes it has not: nobody gives what they do not have. Each as `runs:start where tag:x`.
 *
 * @param maker who makes it
 */
export function findExcess(
  policy: AccessPolicy,
  maker: Subject,
  { subject, role, where }: TokenWish,
): readonly string[] {
  const given: readonly Omit<Binding, "subject">[] =
    role === undefined ? bindingsOf(policy, { name: subject, groups: [] }) : [{ role, where }];
  const held = bindingsOf(policy, maker);
  const excess = given.flatMap((binding) =>
    permissionsOf(binding.role, policy.roles)
      .filter((permission) => {
        if (authorize(policy, { subject: maker, permission }).allowed) return false;
        return !held.some(
          (own) => own.where === binding.where && permissionsOf(own.role, policy.roles).includes(permission),
        );
      })
      .map((permission) => (binding.where === undefined ? permission : `${permission} where ${binding.where}`)),
  );
  return [...new Set(excess)];
}

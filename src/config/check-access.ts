import type { Explanation } from "../lib/explain-issues.ts";
import { nearest } from "../lib/suggest.ts";
import { roleNames } from "./access-names.ts";
import type { Config } from "./schema.ts";

/** A wrong place of the merged configuration; `owner` is the value whose topmost layer has written it. */
export interface PlacedExplanation extends Explanation {
  readonly owner: readonly string[];
}

/**
 * What is wrong with `auth` and `access` when all layers are taken together: one file may define a role that another binds, and a
 * variable may give what a file leaves out.
 */
export function checkAccess({ auth, access }: Config): PlacedExplanation[] {
  return [...checkOidc(auth), ...checkRoles(access), ...checkBindings(access)];
}

function checkOidc({ issuer, oidc }: Config["auth"]): PlacedExplanation[] {
  if (oidc === undefined) return [];
  const owner = ["auth", "oidc"];
  const missing = (["issuer", "audience"] as const).filter((key) => oidc[key] === undefined);
  const found = missing.map((key): PlacedExplanation => {
    const message = `"auth.oidc.${key}" is required here`;
    return { kind: "missing", path: owner, at: "key", message, owner };
  });
  if (oidc.issuer !== issuer) return found;
  const path = [...owner, "issuer"];
  const message = `"auth.oidc.issuer" must differ from "auth.issuer": it would be unclear who made a token`;
  return [...found, { kind: "value", path, at: "value", message, owner: path }];
}

function checkRoles({ roles }: Config["access"]): PlacedExplanation[] {
  const known = [...roleNames, ...Object.keys(roles)];
  return Object.entries(roles).flatMap(([name, role]): PlacedExplanation[] => {
    const path = ["access", "roles", name];
    if (isBuiltIn(name)) {
      const message = `the role ${name} is built in and cannot be defined anew`;
      return [{ kind: "value", path, at: "key", message, hint: "give it another name, and extend it", owner: path }];
    }
    const owner = [...path, "extends"];
    return role.extends.flatMap((base, index): PlacedExplanation[] => {
      const place = { kind: "value", path: [...owner, index], at: "value", owner } as const;
      if (!known.includes(base)) return [{ ...place, ...unknownRole(base, known) }];
      const circle = findCircle(roles, name, base);
      if (circle === null) return [];
      return [{ ...place, message: `the role ${name} extends itself: ${circle.join(" -> ")}` }];
    });
  });
}

function checkBindings({ roles, bindings }: Config["access"]): PlacedExplanation[] {
  const known = [...roleNames, ...Object.keys(roles)];
  const owner = ["access", "bindings"];
  return bindings.flatMap(({ role }, index): PlacedExplanation[] => {
    if (known.includes(role)) return [];
    return [{ kind: "value", path: [...owner, index, "role"], at: "value", ...unknownRole(role, known), owner }];
  });
}

function unknownRole(role: string, known: readonly string[]): Pick<Explanation, "message" | "hint"> {
  const near = nearest(role, known);
  const message = `${JSON.stringify(role)} is not one of ${known.join(", ")}`;
  return { message, ...(near === undefined ? {} : { hint: `did you mean "${near}"?` }) };
}

function isBuiltIn(name: string): boolean {
  return roleNames.some((known) => known === name);
}

/** The way from a role over one of its bases back to it, or null. */
function findCircle(roles: Config["access"]["roles"], name: string, base: string): readonly string[] | null {
  const seen = new Set<string>();
  const walk = (at: string): readonly string[] | null => {
    if (at === name) return [at];
    if (seen.has(at)) return null;
    seen.add(at);
    for (const next of Object.hasOwn(roles, at) ? (roles[at]?.extends ?? []) : []) {
      const way = walk(next);
      if (way !== null) return [at, ...way];
    }
    return null;
  };
  const way = walk(base);
  return way === null ? null : [name, ...way];
}

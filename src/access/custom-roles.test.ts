import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { SelectorSubject } from "../selectors/evaluate-selector.ts";
import { type AccessPolicy, authorize, type Binding, visibleRepositories } from "./authorize.ts";
import { explainAccess } from "./explain-access.ts";
import { type Permission, permissions } from "./permissions.ts";
import { type CustomRoles, isRole, permissionsOf, roles } from "./roles.ts";
import type { Subject } from "./subject.ts";

const numRuns = Number(process.env["FUZZ_RUNS"] ?? 100) * 3;
const names = ["alpha", "beta", "gamma", "delta"] as const;
const tags = ["one", "two"] as const;

/** Roles of one's own, in any order and also in circles: the configuration refuses those, the door must stand them. */
const customRoles: fc.Arbitrary<CustomRoles> = fc
  .array(
    fc.record({
      name: fc.constantFrom(...names),
      permissions: fc.subarray([...permissions]),
      extends: fc.array(fc.constantFrom<string>(...names, "viewer", "approver", "nowhere", "constructor"), {
        maxLength: 3,
      }),
    }),
    { maxLength: 5 },
  )
  .map((list) => Object.fromEntries(list.map(({ name, ...role }) => [name, role])));

const roleName = fc.constantFrom<string>(...names, "viewer", "runner", "admin", "nowhere", "__proto__");
const where = fc.constantFrom(undefined, "tag:one", "tag:two", "tag:one && tag:two", "!tag:one", "tag:(");
const binding: fc.Arbitrary<Binding> = fc.record({
  subject: fc.constantFrom("user:dana", "user:bob", "group:edge", "group:ops", "token:t1", "token:t2"),
  role: roleName,
  where,
});
const repository: fc.Arbitrary<SelectorSubject> = fc.record({
  name: fc.constantFrom("gateway", "ledger", "portal"),
  tags: fc.subarray([...tags]),
  needs: fc.constant([]),
});
const subject: fc.Arbitrary<Subject> = fc
  .record({
    name: fc.constantFrom("user:dana", "user:bob", "service:ci"),
    groups: fc.subarray(["group:edge", "group:ops"]),
    token: fc.option(
      fc.record({
        id: fc.constantFrom("t1", "t2"),
        binding: fc.option(
          fc.record({ role: roleName, where }).map(({ role, where: scope }) => ({
            role,
            ...(scope === undefined ? {} : { where: scope }),
          })),
        ),
      }),
      { nil: undefined },
    ),
  })
  .map(({ token, ...rest }) => (token === undefined ? rest : { ...rest, token }));

interface Asked {
  readonly policy: AccessPolicy;
  readonly subject: Subject;
  readonly permission: Permission;
  readonly repositories: readonly SelectorSubject[];
}
const asked: fc.Arbitrary<Asked> = fc.record({
  policy: fc.record({
    localOwner: fc.constant("local:ada"),
    roles: customRoles,
    bindings: fc.array(binding, { maxLength: 6 }),
  }),
  subject,
  permission: fc.constantFrom(...permissions),
  repositories: fc.array(repository, { maxLength: 3 }),
});

/** The same, said a second time and in another way: permissions by growing a set until it stays, scopes by hand. */
function mayDo({ policy, subject: who, permission, repositories }: Asked): boolean {
  const custom = policy.roles ?? {};
  const own = who.token?.binding ?? null;
  const bindings = (own === null ? [] : [{ subject: "own", ...own } as Binding]).concat(
    policy.bindings.filter(({ subject: bound }) => {
      if (who.token !== undefined && bound === `token:${who.token.id}`) return true;
      return own === null && (bound === who.name || who.groups.includes(bound));
    }),
  );
  const giving = bindings.filter(({ role }) => closure(role, custom).has(permission));
  if (giving.some((each) => each.where === undefined)) return true;
  return repositories.length > 0 && repositories.every((each) => giving.some((one) => covers(one.where, each)));
}

function closure(role: string, custom: CustomRoles): ReadonlySet<string> {
  const reached = new Set([role]);
  for (let size = 0; size < reached.size;) {
    size = reached.size;
    for (const name of reached) {
      if (!Object.hasOwn(roles, name) && Object.hasOwn(custom, name)) {
        for (const base of custom[name]?.extends ?? []) reached.add(base);
      }
    }
  }
  return new Set(
    [...reached].flatMap((name): readonly string[] => {
      if (Object.hasOwn(roles, name)) return roles[name as keyof typeof roles];
      return Object.hasOwn(custom, name) ? (custom[name]?.permissions ?? []) : [];
    }),
  );
}

function covers(scope: string | undefined, { tags: held }: SelectorSubject): boolean {
  const has = (tag: string): boolean => held.includes(tag);
  switch (scope) {
    case undefined:
      return true;
    case "tag:one":
      return has("one");
    case "tag:two":
      return has("two");
    case "tag:one && tag:two":
      return has("one") && has("two");
    case "!tag:one":
      return !has("one");
    default:
      return false;
  }
}

describe("roles of one's own", () => {
  it("decide as their definition says, for users, groups and tokens", () => {
    fc.assert(
      fc.property(asked, (question) => {
        const { policy, ...rest } = question;
        expect(authorize(policy, rest).allowed).toBe(mayDo(question));
      }),
      { numRuns },
    );
  });

  it("are explained as they decide", () => {
    fc.assert(
      fc.property(asked, ({ policy, ...question }) => {
        const explained = explainAccess(policy, question);
        expect(explained).toMatchObject(authorize(policy, question));
        // A binding that lacks nothing allows it alone, and one that does not help changes nothing when it goes.
        for (const { helps, lacks, ...each } of explained.considered) {
          expect(lacks !== null || explained.allowed).toBe(true);
          if (helps || (question.subject.token?.binding ?? null) !== null) continue;
          const without = policy.bindings.filter(
            (other) => other.subject !== each.subject || other.role !== each.role || other.where !== each.where,
          );
          expect(authorize({ ...policy, bindings: without }, question).allowed).toBe(explained.allowed);
        }
      }),
      { numRuns },
    );
  });

  it("give more to nobody when a binding goes, and show no more than may be done", () => {
    fc.assert(
      fc.property(asked, fc.nat(5), ({ policy, ...question }, at) => {
        const fewer = { ...policy, bindings: policy.bindings.filter((_, index) => index !== at) };
        expect(!authorize(fewer, question).allowed || authorize(policy, question).allowed).toBe(true);
        const { subject: who, permission, repositories } = question;
        for (const seen of visibleRepositories(policy, who, permission, repositories)) {
          expect(authorize(policy, { subject: who, permission, repositories: [seen] }).allowed).toBe(true);
        }
      }),
      { numRuns },
    );
  });

  it("never change what is built in", () => {
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(roles)), customRoles, (name, custom) => {
        const redefined = { ...custom, [name]: { permissions: [...permissions], extends: [] } };
        expect(permissionsOf(name, redefined)).toEqual(permissionsOf(name));
      }),
    );
    expect(isRole("toString")).toBe(false);
  });

  it("give whoever shows a token with a role nothing of its subject, its groups, or the owner", () => {
    fc.assert(
      fc.property(asked, ({ policy, subject: who, ...question }) => {
        const bindings = policy.bindings.filter((each) => !each.subject.startsWith("token:"));
        const worker: Subject = { ...who, name: "local:ada", token: { id: "t1", binding: { role: "worker" } } };
        const { allowed } = authorize({ ...policy, bindings }, { subject: worker, ...question });
        expect(allowed).toBe(question.permission === "runs:read");
      }),
      { numRuns },
    );
  });
});

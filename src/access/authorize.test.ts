import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { SelectorSubject } from "../selectors/evaluate-selector.ts";
import { type AccessPolicy, authorize, type Binding, visibleRepositories } from "./authorize.ts";
import { type Permission, permissions } from "./permissions.ts";
import { permissionsOf, roles } from "./roles.ts";
import type { Subject } from "./subject.ts";

const numRuns = Number(process.env["FUZZ_RUNS"] ?? 100);
const dana: Subject = { name: "user:dana", groups: ["group:edge"] };
const repo = (name: string, ...tags: string[]): SelectorSubject => ({ name, tags, needs: [] });
const gateway = repo("gateway", "team/edge");
const ledger = repo("ledger", "team/money");

function policy(...bindings: readonly Binding[]): AccessPolicy {
  return { localOwner: "local:ada", bindings };
}

describe("authorize", () => {
  it("allows the owner of the workspace everything", () => {
    const ada = { name: "local:ada", groups: [] };
    expect(permissions.map((permission) => authorize(policy(), { subject: ada, permission }).allowed)).not.toContain(
      false,
    );
    expect(authorize(policy(), { subject: ada, permission: "runs:start" }).reason).toBe(
      "local:ada owns the workspace (role admin)",
    );
  });

  it("knows no owner where nobody who acts is one", () => {
    const nobody: AccessPolicy = { localOwner: null, bindings: [] };
    expect(authorize(nobody, { subject: { name: "local:ada", groups: [] }, permission: "repos:read" })).toEqual({
      allowed: false,
      reason: "local:ada has no role",
    });
  });

  it.each<[string, readonly Binding[], boolean, string]>([
    ["no binding", [], false, "user:dana has no role"],
    ["a role without the permission", [{ subject: "user:dana", role: "viewer" }], false, "user:dana has only viewer"],
    ["an unknown role", [{ subject: "user:dana", role: "root" }], false, "user:dana has only root"],
    ["another subject's role", [{ subject: "user:bob", role: "admin" }], false, "user:dana has no role"],
    ["her role", [{ subject: "user:dana", role: "runner" }], true, "user:dana is runner"],
    ["her group's role", [{ subject: "group:edge", role: "operator" }], true, "group:edge is operator"],
    [
      "a scope that covers",
      [{ subject: "user:dana", role: "runner", where: "tag:team/edge" }],
      true,
      "user:dana is runner where tag:team/edge",
    ],
    [
      "a scope that does not",
      [{ subject: "user:dana", role: "runner", where: "tag:team/money" }],
      false,
      "no binding of user:dana covers gateway",
    ],
  ])("with %s", (_what, bindings, allowed, reason) => {
    const decision = authorize(policy(...bindings), {
      subject: dana,
      permission: "runs:start",
      repositories: [gateway],
    });
    expect(decision).toEqual({ allowed, reason });
  });

  it("never takes a name for a group, nor a group for a name", () => {
    const granted = policy({ subject: "group:edge", role: "admin" }, { subject: "user:bob", role: "admin" });
    const ask = (subject: Subject): boolean =>
      authorize(granted, { subject, permission: "runs:start", repositories: [gateway] }).allowed;
    expect(ask({ name: "group:edge", groups: [] })).toBe(false);
    expect(ask({ name: "user:dana", groups: ["user:bob"] })).toBe(false);
  });

  it("needs all repositories covered, by one binding or by several", () => {
    const edge: Binding = { subject: "user:dana", role: "runner", where: "tag:team/edge" };
    const money: Binding = { subject: "group:edge", role: "operator", where: "name:led*" };
    const question = { subject: dana, permission: "runs:start", repositories: [gateway, ledger] } as const;
    expect(authorize(policy(edge), question)).toEqual({
      allowed: false,
      reason: "no binding of user:dana covers ledger",
    });
    expect(authorize(policy(edge, money), question)).toEqual({
      allowed: true,
      reason: "user:dana is runner where tag:team/edge; group:edge is operator where name:led*",
    });
  });

  it("never lets a scope decide about the whole workspace, nor about a repository that the manifest does not know", () => {
    const scoped = policy({ subject: "user:dana", role: "admin", where: "!tag:secret" });
    const question = { subject: dana, permission: "runs:start" } as const;
    const whole = { allowed: false, reason: "no binding of user:dana covers the whole workspace" };
    expect(authorize(scoped, question)).toEqual(whole);
    expect(authorize(scoped, { ...question, repositories: [] })).toEqual(whole);
    expect(authorize(scoped, { ...question, repositories: [gateway], strangers: ["gone"] })).toEqual({
      allowed: false,
      reason: "no binding of user:dana covers gone, which is not in the manifest",
    });
    expect(authorize(scoped, { ...question, repositories: "any" }).allowed).toBe(true);
  });

  it.each(["tag:(", "@nowhere", "dirty", "last:failed", ""])(
    "refuses when the scope %j cannot be evaluated",
    (where) => {
      const broken: Binding = { subject: "user:dana", role: "admin", where };
      const question = { subject: dana, permission: "runs:start", repositories: [gateway] } as const;
      const decision = authorize(policy(broken), question);
      expect(decision.allowed).toBe(false);
      expect(decision.reason).toContain(`no binding of user:dana covers gateway (user:dana is admin where ${where}: `);
      const sound: Binding = { subject: "user:dana", role: "runner", where: "tag:team/edge" };
      expect(authorize(policy(broken, sound), question)).toEqual({
        allowed: true,
        reason: "user:dana is runner where tag:team/edge",
      });
    },
  );

  it("refuses when deciding itself fails", () => {
    const failing: AccessPolicy = {
      localOwner: "local:ada",
      get bindings(): never {
        throw new Error("the bindings are gone");
      },
    };
    expect(authorize(failing, { subject: dana, permission: "runs:read" })).toEqual({
      allowed: false,
      reason: "could not be decided: the bindings are gone",
    });
  });

  it("reads named selectors of the manifest", () => {
    const named: AccessPolicy = {
      ...policy({ subject: "user:dana", role: "runner", where: "@mine" }),
      selectors: new Map([["mine", "tag:team/edge"]]),
    };
    expect(authorize(named, { subject: dana, permission: "runs:start", repositories: [gateway] }).allowed).toBe(true);
    expect(authorize(named, { subject: dana, permission: "runs:start", repositories: [ledger] }).allowed).toBe(false);
  });
});

describe("visibleRepositories", () => {
  const all = [gateway, ledger];

  it("shows all to an unscoped viewer, a part to a scoped one and none to others", () => {
    const scoped = policy({ subject: "user:dana", role: "viewer", where: "tag:team/edge" });
    expect(visibleRepositories(policy({ subject: "user:dana", role: "viewer" }), dana, "repos:read", all)).toEqual(all);
    expect(visibleRepositories(scoped, dana, "repos:read", all)).toEqual([gateway]);
    expect(visibleRepositories(scoped, dana, "runs:start", all)).toEqual([]);
    expect(visibleRepositories(policy(), dana, "repos:read", all)).toEqual([]);
  });
});

const subjectNames = ["user:dana", "user:bob", "group:edge", "service:ci"];
const tags = ["team/edge", "team/money", "frozen"];
const binding: fc.Arbitrary<Binding> = fc.record({
  subject: fc.constantFrom(...subjectNames),
  role: fc.constantFrom(...Object.keys(roles), "root"),
  where: fc.constantFrom(undefined, "tag:team/edge", "tag:team/money", "!tag:frozen", "name:a*", "tag:("),
});
const repository: fc.Arbitrary<SelectorSubject> = fc.record({
  name: fc.constantFrom("api", "app", "web", "ledger"),
  tags: fc.subarray(tags),
  needs: fc.constant([]),
});
const question = fc.record({
  permission: fc.constantFrom<Permission>(...permissions),
  repositories: fc.oneof(fc.array(repository, { maxLength: 4 }), fc.constant(undefined)),
});

/** Says the same as `authorize` in as few words as possible: each repository by itself, tag terms by hand. */
function expected(
  bindings: readonly Binding[],
  permission: Permission,
  repositories: readonly SelectorSubject[],
): boolean {
  const covers = ({ where }: Binding, { name, tags: has }: SelectorSubject): boolean => {
    if (where === undefined) return true;
    if (where === "!tag:frozen") return !has.includes("frozen");
    if (where === "name:a*") return name.startsWith("a");
    return where.startsWith("tag:team/") && has.includes(where.slice(4));
  };
  const mine = bindings.filter(
    ({ subject, role }) => [dana.name, ...dana.groups].includes(subject) && permissionsOf(role).includes(permission),
  );
  if (mine.some(({ where }) => where === undefined)) return true;
  return repositories.length > 0 && repositories.every((one) => mine.some((each) => covers(each, one)));
}

describe("any policy", () => {
  it("decides as its bindings say, each repository by itself", () => {
    fc.assert(
      fc.property(fc.array(binding, { maxLength: 5 }), question, (bindings, { permission, repositories }) => {
        const { allowed } = authorize(policy(...bindings), { subject: dana, permission, repositories });
        expect(allowed).toBe(expected(bindings, permission, repositories ?? []));
      }),
      { numRuns },
    );
  });

  it("gives nothing to who has no binding", () => {
    const others = binding.filter(({ subject }) => subject !== dana.name && !dana.groups.includes(subject));
    fc.assert(
      fc.property(fc.array(others, { maxLength: 5 }), question, (bindings, { permission, repositories }) => {
        expect(authorize(policy(...bindings), { subject: dana, permission, repositories }).allowed).toBe(false);
        expect(authorize(policy(...bindings), { subject: dana, permission, repositories: "any" }).allowed).toBe(false);
      }),
      { numRuns },
    );
  });

  it("never takes a right away because a binding was added", () => {
    fc.assert(
      fc.property(
        fc.array(binding, { maxLength: 4 }),
        binding,
        question,
        (bindings, added, { permission, repositories }) => {
          const before = authorize(policy(...bindings), { subject: dana, permission, repositories }).allowed;
          const after = authorize(policy(...bindings, added), { subject: dana, permission, repositories }).allowed;
          expect(after || !before).toBe(true);
        },
      ),
      { numRuns },
    );
  });

  it("shows exactly the repositories that it would allow one by one", () => {
    fc.assert(
      fc.property(fc.array(binding, { maxLength: 4 }), fc.array(repository), (bindings, repositories) => {
        const visible = visibleRepositories(policy(...bindings), dana, "runs:read", repositories);
        const allowed = repositories.filter(
          (one) =>
            authorize(policy(...bindings), { subject: dana, permission: "runs:read", repositories: [one] }).allowed,
        );
        expect(visible).toEqual(allowed);
      }),
      { numRuns },
    );
  });

  it("always names a reason", () => {
    fc.assert(
      fc.property(fc.array(binding, { maxLength: 4 }), question, (bindings, { permission, repositories }) => {
        expect(authorize(policy(...bindings), { subject: dana, permission, repositories }).reason).not.toBe("");
      }),
      { numRuns },
    );
  });
});

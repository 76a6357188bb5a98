import { describe, expect, it } from "vitest";
import { loadConfig, type LoadedConfig } from "./load-config.ts";
import { showConfig } from "./show-config.ts";
import { withWorkspace } from "./workspace-fixture.ts";

interface Given {
  readonly local?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly set?: readonly string[];
}

async function load(text: string, { local, env = {}, set = [] }: Given = {}): Promise<LoadedConfig> {
  const files = {
    "mahavishnu.yaml": `version: 1\n${text}\n`,
    ...(local === undefined ? {} : { "mahavishnu.local.yaml": `version: 1\n${local}\n` }),
  };
  return await withWorkspace(files, async (workspace) => await loadConfig({ workspace, env, set }));
}

async function problemOf(text: string, given: Given = {}): Promise<string> {
  return await load(text, given).then(
    () => "nothing is wrong",
    (error: unknown) => (error as Error).message,
  );
}

describe("roles of one's own", () => {
  it("are read with what they may do and what they take over, and may be bound", async () => {
    const { config } = await load(
      [
        "access:",
        "  roles:",
        "    deployer: { description: ships things, permissions: [runs:start], extends: [viewer] }",
        "    lead: { extends: [deployer, approver] }",
        "  bindings: [{ subject: 'user:dana', role: lead }]",
      ].join("\n"),
    );
    expect(config.access).toEqual({
      roles: {
        deployer: { description: "ships things", permissions: ["runs:start"], extends: ["viewer"] },
        lead: { permissions: [], extends: ["deployer", "approver"] },
      },
      bindings: [{ subject: "user:dana", role: "lead" }],
    });
  });

  it("may be defined in one layer and bound in another, also by a variable and a flag", async () => {
    const bound = "access: { bindings: [{ subject: 'user:dana', role: lead }] }";
    const lead = { permissions: ["runs:read"], extends: [] };
    const inLocal = await load(bound, { local: "access: { roles: { lead: { permissions: [runs:read] } } }" });
    expect(inLocal.config.access.roles).toEqual({ lead });
    const env = { MAHAVISHNU_ACCESS__ROLES: "{ lead: { permissions: [runs:read] } }" };
    expect((await load(bound, { env })).config.access.roles).toEqual({ lead });
    const set = ["access.roles={ lead: { permissions: [runs:read] } }"];
    expect((await load(bound, { set })).config.access.roles).toEqual({ lead });
  });

  it.each([
    [
      "an unknown permission",
      "access: { roles: { lead: { permissions: [runs:strt] } } }",
      /mahavishnu\.yaml:2:42 {2}"runs:strt" is not one of [^]*did you mean "runs:start"\?/,
    ],
    [
      "an unknown role to take over from",
      "access: { roles: { lead: { extends: [viewr] } } }",
      /mahavishnu\.yaml:2:38 {2}"viewr" is not one of [^]*did you mean "viewer"\?/,
    ],
    [
      "an unknown role in a binding",
      "access: { roles: { deployer: {} }, bindings: [{ subject: 'user:dana', role: deploier }] }",
      /mahavishnu\.yaml:2:77 {2}"deploier" is not one of [^]*did you mean "deployer"\?/,
    ],
    [
      "a built-in role",
      "access: { roles: { admin: { permissions: [] } } }",
      /mahavishnu\.yaml:2:20 {2}the role admin is built in and cannot be defined anew/,
    ],
    [
      "a circle",
      "access: { roles: { a: { extends: [b] }, b: { extends: [viewer, c] }, c: { extends: [a] } } }",
      /mahavishnu\.yaml:2:35 {2}the role a extends itself: a -> b -> c -> a/,
    ],
    ["itself", "access: { roles: { a: { extends: [a] } } }", /the role a extends itself: a -> a/],
    ["a wrong name", "access: { roles: { '2nd': {} } }", /the name of a role is a letter/],
    ["an unknown key", "access: { roles: { a: { permission: [] } } }", /unknown key "permission"[^]*"permissions"/],
    ["the name __proto__", "access: { roles: { __proto__: {} } }", /a role cannot have this name/],
    [
      "the name constructor in a binding",
      "access: { bindings: [{ subject: 'user:a', role: constructor }] }",
      /is not one of/,
    ],
  ])("are refused for %s, with its place", async (_what, text, problem) => {
    expect(await problemOf(text)).toMatch(problem);
  });
});

describe("auth.oidc", () => {
  const oidc = "auth: { oidc: { issuer: 'https://id.example.test', audience: mahavishnu } }";

  it("has its defaults only when it is there", async () => {
    expect((await load(oidc)).config.auth.oidc).toEqual({
      issuer: "https://id.example.test",
      audience: "mahavishnu",
      subjectClaim: "sub",
      groupsClaim: "groups",
      scopes: ["openid", "profile"],
      clockSkew: 60_000,
    });
    const plain = await load("profile: development");
    expect(plain.config.auth.oidc).toBeUndefined();
    expect(showConfig(plain).filter(({ path }) => path.startsWith("auth.oidc"))).toEqual([]);
    expect(showConfig(await load(oidc)).filter(({ path }) => path.startsWith("auth.oidc")).length).toBe(6);
  });

  it("may be given by several layers, and hides its secret", async () => {
    const env = { MAHAVISHNU_AUTH__OIDC__CLIENT_SECRET: "hunter2hunter2", MAHAVISHNU_AUTH__OIDC__CLIENT_ID: "web" };
    const loaded = await load(oidc, { env });
    expect(loaded.config.auth.oidc?.clientId).toBe("web");
    expect(JSON.stringify([loaded.config, showConfig(loaded)])).not.toContain("hunter2");
  });

  it.each([
    ["no issuer", "auth: { oidc: { audience: a } }", /mahavishnu\.yaml:2:9 {2}"auth\.oidc\.issuer" is required here/],
    ["no audience", "auth: { oidc: { issuer: 'https://a' } }", /"auth\.oidc\.audience" is required here/],
    ["plain http", "auth: { oidc: { issuer: 'http://id.example.test', audience: a } }", /an issuer is an https: URL/],
    ["http that looks local", "auth: { oidc: { issuer: 'http://127.0.0.1.evil.test', audience: a } }", /an issuer is/],
    ["a user in it", "auth: { oidc: { issuer: 'https://a@b.test', audience: a } }", /an issuer is an https: URL/],
    ["a skew of 6m", `${oidc.slice(0, -3)}, clockSkew: 6m } }`, /this duration must be at most 5m/],
    [
      "the name of this workspace's own tokens",
      "auth: { issuer: 'https://a', oidc: { issuer: 'https://a', audience: b } }",
      /must differ from "auth\.issuer"/,
    ],
  ])("is refused with %s", async (_what, text, problem) => {
    expect(await problemOf(text)).toMatch(problem);
  });

  it("may be http on this very machine", async () => {
    const local = "auth: { oidc: { issuer: 'http://127.0.0.1:9000/realm', audience: a } }";
    expect((await load(local)).config.auth.oidc?.issuer).toBe("http://127.0.0.1:9000/realm");
  });
});

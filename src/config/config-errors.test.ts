import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { MahavishnuError } from "../lib/errors.ts";
import { loadConfig, tryLoadConfig } from "./load-config.ts";
import { withWorkspace } from "./workspace-fixture.ts";

/** Loads a workspace of given files and hands back the message of the error, or "valid". */
async function messageOf(files: Readonly<Record<string, string>>, given: Given = {}): Promise<string> {
  return await withWorkspace(files, async (workspace) => {
    const result = await tryLoadConfig({ workspace, env: {}, set: [], ...given });
    return result.loaded === undefined ? `${result.error.code} ${result.error.message}` : "valid";
  });
}

interface Given {
  readonly env?: Readonly<Record<string, string>>;
  readonly set?: readonly string[];
}

describe("errors of a file", () => {
  it("refuses the home folder of somebody else, which would be a folder named ~ann", async () => {
    const text = "version: 1\nworkflows: ~ann/flows\nsecrets: { A: '${file:~ann/key}' }\n";
    const message = await messageOf({ "mahavishnu.yaml": text });
    expect(message).toContain("mahavishnu.yaml:2:12  ~ stands for your own home folder only");
    expect(message).toContain("mahavishnu.yaml:3:15  ~ stands for your own home folder only");
  });

  it("shows every wrong place of every layer, also where a higher layer hides it", async () => {
    const files = {
      "mahavishnu.yaml": [
        "# yaml-language-server: $schema=./schemas/config.v1.json",
        "version: 1",
        "profile: prod",
        "limit: { timeout: 15m }",
        "limits:",
        "  timeout: 900",
        "  lease: 10",
        "  grace: 30d",
        "  maxConcurrentWorkflows: 0",
        "  retry: { attempts: many }",
        "engine: temporal",
        "schedules: { nightly: 1 }",
        "auth: { oidc: { issuer: x } }",
        "state: { url: 'postgres://db' }",
        "access:",
        "  bindings:",
        "    - { subject: dana, role: admin, where: 'tag:a &&' }",
        "    - { subject: 'user:dana', role: opertor, where: 'tag:a && dirty' }",
        "",
      ].join("\n"),
      "mahavishnu.local.yaml": "version: 1\nprofile: production\nlimits: { timeout: 15m }\nsteps:\n",
    };
    expect(await messageOf(files)).toMatchInlineSnapshot(`
      "CONFIG_INVALID mahavishnu.yaml:3:10  "prod" is not one of development, production
          3 | profile: prod
            |          ^^^^ did you mean "production"?

      mahavishnu.yaml:4:1  unknown key "limit"
          4 | limit: ***
            | ^^^^^ did you mean "limits"?

      mahavishnu.yaml:6:12  a duration needs a unit: 500ms, 30s, 15m, 2h or 7d
          6 |   timeout: 900
            |            ^^^

      mahavishnu.yaml:7:10  a duration needs a unit: 500ms, 30s, 15m, 2h or 7d
          7 |   lease: 10
            |          ^^

      mahavishnu.yaml:8:10  this duration must be at most 24d
          8 |   grace: 30d
            |          ^^^

      mahavishnu.yaml:9:27  "maxConcurrentWorkflows" must be at least 1
          9 |   maxConcurrentWorkflows: 0
            |                           ^

      mahavishnu.yaml:10:22  "attempts" must be a number, not text
         10 |   retry: { attempts: many }
            |                      ^^^^

      mahavishnu.yaml:11:9  "temporal" is not built yet
         11 | engine: temporal
            |         ^^^^^^^^ only \`engine: embedded\` exists in this version; remove the key or write embedded

      mahavishnu.yaml:12:1  "schedules" is not built yet
         12 | schedules: ***
            | ^^^^^^^^^ schedules come in a later version; remove the key and start runs from cron

      mahavishnu.yaml:13:25  an issuer is an https: URL, such as https://id.example.test
         13 | auth: { oidc: { issuer: x } }
            |                         ^

      mahavishnu.yaml:14:15  postgres is not built yet; this version keeps its state in sqlite
         14 | state: { url: 'postgres://db' }
            |               ^^^^^^^^^^^^^^^

      mahavishnu.yaml:17:18  a subject is a kind and a name, such as user:dana, group:platform, service:ci or token:deploy
         17 |     - { subject: dana, role: admin, where: 'tag:a &&' }
            |                  ^^^^

      mahavishnu.yaml:17:44  this selector is not valid: a term is missing at the end (for example role:service)
         17 |     - { subject: dana, role: admin, where: 'tag:a &&' }
            |                                            ^^^^^^^^^^

      mahavishnu.yaml:18:53  "dirty" cannot decide about access; terms here: name, path, role, tag, needs, dependents
         18 |     - { subject: 'user:dana', role: opertor, where: 'tag:a && dirty' }
            |                                                     ^^^^^^^^^^^^^^^^

      mahavishnu.local.yaml:4:7  "steps" must be a map, but it is empty
          4 | steps:
            |       ^"
    `);
  });

  it("asks for the version, and refuses another one", async () => {
    expect(await messageOf({ "mahavishnu.yaml": "profile: production\n" })).toMatchInlineSnapshot(`
      "CONFIG_INVALID mahavishnu.yaml:1:1  "version" is required here
          1 | profile: production
            | ^ add \`version: 1\`"
    `);
    expect(await messageOf({ "mahavishnu.yaml": "version: 2\n" })).toMatchInlineSnapshot(`
      "CONFIG_INVALID mahavishnu.yaml:1:10  "version" must be 1, not 2
          1 | version: 2
            |          ^"
    `);
  });

  it("refuses what is no map", async () => {
    expect(await messageOf({ "mahavishnu.yaml": "# nothing yet\n" })).toMatchInlineSnapshot(`
      "CONFIG_INVALID mahavishnu.yaml:1:1  this file is empty
          1 | ***
            | ^ it begins with \`version: 1\`"
    `);
    expect(await messageOf({ "mahavishnu.yaml": "- version: 1\n" })).toMatchInlineSnapshot(`
      "CONFIG_INVALID mahavishnu.yaml:1:1  a configuration is a map of keys
          1 | - version: 1
            | ^ it begins with \`version: 1\`"
    `);
  });

  it("refuses broken references and references where they do not belong", async () => {
    const text = [
      "version: 1",
      "repositories: ${env:MANIFEST}",
      "auth: { secret: 'x${env:A}' }",
      "secrets:",
      "  A: ${vault:kv/a}",
      "  B: ${env:}",
      "  C-D: ${env:C}",
      "  E: ''",
      "  __proto__: ${env:P}",
    ].join("\n");
    expect(await messageOf({ "mahavishnu.yaml": text })).toMatchInlineSnapshot(`
      "CONFIG_INVALID mahavishnu.yaml:2:15  references are for secrets only; set this key by its environment variable instead
          2 | repositories: \${env:MANIFEST}
            |               ^^^^^^^^^^^^^^^

      mahavishnu.yaml:3:17  a reference must be the whole value, with nothing around it
          3 | auth: { secret: ***
            |                 ^^^

      mahavishnu.yaml:5:6  unknown kind of reference "vault"; use \${env:NAME} or \${file:PATH}
          5 |   A: ***
            |      ^^^

      mahavishnu.yaml:6:6  the name of a variable is letters, digits and "_": \${env:NAME} or \${file:PATH}
          6 |   B: ***
            |      ^^^

      mahavishnu.yaml:7:3  the name of a secret is a letter, then letters, digits and _
          7 |   C-D: \${env:C}
            |   ^^^

      mahavishnu.yaml:8:6  a secret must not be empty; write a reference: \${env:NAME} or \${file:PATH}
          8 |   E: ***
            |      ^^

      mahavishnu.yaml:9:3  a secret cannot have this name
          9 |   __proto__: \${env:P}
            |   ^^^^^^^^^"
    `);
  });

  it("says why a file cannot be read", async () => {
    await withWorkspace({ "mahavishnu.yaml": "version: 1\n" }, async (workspace) => {
      const attempt = async (configFile: string): Promise<string> => {
        const error: unknown = await loadConfig({ workspace, configFile, env: {}, set: [] }).catch((e: unknown) => e);
        return error instanceof MahavishnuError ? `${error.code} ${error.message}` : "no error";
      };
      await mkdir(join(workspace, "folder.yaml"));
      await writeFile(join(workspace, "latin.yaml"), Buffer.from([0x76, 0xe9, 0xff]));
      await writeFile(join(workspace, "large.yaml"), " ".repeat(1024 * 1024 + 1));
      expect(await attempt("folder.yaml")).toBe("CONFIG_UNREADABLE folder.yaml cannot be read: it is a folder");
      expect(await attempt("latin.yaml")).toBe("CONFIG_UNREADABLE latin.yaml cannot be read: it is not UTF-8 text");
      expect(await attempt("large.yaml")).toContain("it is larger than 1MiB");
      expect(await attempt("/dev/null")).toBe("CONFIG_UNREADABLE /dev/null cannot be read: it is not a regular file");
      expect(await attempt("none.yaml")).toContain("WORKSPACE_NOT_FOUND");
      expect(await attempt("mahavishnu.yaml")).toBe("no error");
    });
  });
});

describe("errors of the environment and of --set", () => {
  const files = { "mahavishnu.yaml": "version: 1\n" };

  it("shows wrong and unknown variables", async () => {
    const env = {
      MAHAVISHNU_PROFILE: "prod",
      MAHAVISHNU_LIMITS__TIMEOUT: "900",
      MAHAVISHNU_LIMITS__TIMOUT: "15m",
      MAHAVISHNU_LIMITS__MAX_CONCURRENT_STEPS: "many",
      MAHAVISHNU_LIMITS__LEASE: "",
      MAHAVISHNU_LIMITS: "{}",
      MAHAVISHNU_AUTH_SECRET: "hunter2hunter2",
      MAHAVISHNU_AUTH__ENABLED: "yes",
      MAHAVISHNU_ACCESS__BINDINGS: "[{ subject: 'user:dana', roll: admin }]",
      MAHAVISHNU_PATHS__ALLOWED_ROOTS: "[/srv",
      MAHAVISHNU_SERVER__PORT: "8680",
      MAHAVISHNU_VERSION: "1",
      MAHAVISHNU_SECRETS__A: "${vault:a}",
      MAHAVISHNU_ENTIRELY_DIFFERENT: "1",
    };
    expect(await messageOf(files, { env })).toMatchInlineSnapshot(`
      "CONFIG_INVALID environment:1:1  unknown variable MAHAVISHNU_AUTH_SECRET
          1 | MAHAVISHNU_AUTH_SECRET=***
            | ^^^^^^^^^^^^^^^^^^^^^^ did you mean MAHAVISHNU_AUTH__SECRET?

      environment:1:1  unknown variable MAHAVISHNU_ENTIRELY_DIFFERENT
          1 | MAHAVISHNU_ENTIRELY_DIFFERENT=***
            | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ names are the path of a key, such as MAHAVISHNU_LIMITS__TIMEOUT for limits.timeout

      environment:1:1  MAHAVISHNU_LIMITS names a map
          1 | MAHAVISHNU_LIMITS=***
            | ^^^^^^^^^^^^^^^^^ set one of its keys, such as MAHAVISHNU_LIMITS__MAX_CONCURRENT_WORKFLOWS

      environment:1:1  unknown variable MAHAVISHNU_LIMITS__TIMOUT
          1 | MAHAVISHNU_LIMITS__TIMOUT=***
            | ^^^^^^^^^^^^^^^^^^^^^^^^^ did you mean MAHAVISHNU_LIMITS__TIMEOUT?

      environment:1:1  the version belongs to each file
          1 | MAHAVISHNU_VERSION=***
            | ^^^^^^^^^^^^^^^^^^ unset this variable

      environment:1:26  the value is empty
          1 | MAHAVISHNU_LIMITS__LEASE=
            |                          ^ give one, or leave it all out

      environment:1:38  Flow sequence must end with a ]
          1 | MAHAVISHNU_PATHS__ALLOWED_ROOTS=[/srv
            |                                      ^

      environment:1:20  "prod" is not one of development, production
          1 | MAHAVISHNU_PROFILE=prod
            |                    ^^^^ did you mean "production"?

      environment:1:41  "maxConcurrentSteps" must be a number, not text
          1 | MAHAVISHNU_LIMITS__MAX_CONCURRENT_STEPS=many
            |                                         ^^^^

      environment:1:28  a duration needs a unit: 500ms, 30s, 15m, 2h or 7d
          1 | MAHAVISHNU_LIMITS__TIMEOUT=900
            |                            ^^^

      environment:1:26  "enabled" must be true or false, not text
          1 | MAHAVISHNU_AUTH__ENABLED=yes
            |                          ^^^

      environment:1:30  "access.bindings.0.role" is required here
          1 | MAHAVISHNU_ACCESS__BINDINGS=[{ subject: 'user:dana', roll: admin }]
            |                              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

      environment:1:54  unknown key "roll"
          1 | MAHAVISHNU_ACCESS__BINDINGS=[{ subject: 'user:dana', roll: admin }]
            |                                                      ^^^^ did you mean "role"?

      environment:1:23  unknown kind of reference "vault"; use \${env:NAME} or \${file:PATH}
          1 | MAHAVISHNU_SECRETS__A=***
            |                       ^^^"
    `);
  });

  it("shows wrong and unknown keys of --set, as a usage error", async () => {
    const set = [
      "limits.timeot=15m",
      "limits=1",
      "limits.timeout",
      "version=1",
      "schedules.nightly=1",
      "engine=restate",
      "=x",
      "auth.enabled=1",
    ];
    expect(await messageOf(files, { set })).toMatchInlineSnapshot(`
      "USAGE --set:1:1  unknown key "limits.timeot"
          1 | limits.timeot=***
            | ^^^^^^^^^^^^^ did you mean "limits.timeout"?

      --set:1:1  "limits" is a map
          1 | limits=***
            | ^^^^^^ set one of its keys, such as limits.maxConcurrentWorkflows

      --set:1:1  a key and a value are expected, with = between them
          1 | limits.timeout
            | ^^^^^^^^^^^^^^ for example --set limits.timeout=20m

      --set:1:1  the version belongs to each file
          1 | version=***
            | ^^^^^^^ leave this out

      --set:1:1  "schedules.nightly" is not built yet
          1 | schedules.nightly=***
            | ^^^^^^^^^^^^^^^^^ schedules come in a later version; remove the key and start runs from cron

      --set:1:1  unknown key ""
          1 | =***
            | ^ known: profile, repositories, workflows, state, engine, limits, auth, access, server, webhooks, secrets, steps, paths, telemetry, backup, retention, readiness

      --set:1:8  "restate" is not built yet
          1 | engine=restate
            |        ^^^^^^^ only \`engine: embedded\` exists in this version; remove the key or write embedded

      --set:1:14  "enabled" must be true or false, not text
          1 | auth.enabled=1
            |              ^"
    `);
  });

  it("is an error of the configuration when a file is wrong as well", async () => {
    const message = await messageOf({ "mahavishnu.yaml": "version: 1\nx: 1\n" }, { set: ["y=1"] });
    expect(message).toMatch(/^CONFIG_INVALID mahavishnu\.yaml:2:1/);
    expect(message).toContain("--set:1:1");
  });

  it("sorts what is wrong by kind", async () => {
    await withWorkspace({ "mahavishnu.yaml": "limts: {}\nschedules: {}\nprofile: 1\n" }, async (workspace) => {
      const result = await tryLoadConfig({ workspace, env: {}, set: [] });
      const problems = result.loaded === undefined ? result.problems : [];
      expect(problems.map(({ kind }) => kind).toSorted()).toEqual(["missing", "notBuilt", "unknownKey", "value"]);
    });
  });
});

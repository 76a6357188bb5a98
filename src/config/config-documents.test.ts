import { Ajv2020 } from "ajv/dist/2020.js";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { roles } from "../access/roles.ts";
import { listConfigKeys } from "./config-keys.ts";
import { configShape } from "./generated/config-shape.ts";
import { makeConfigJsonSchema } from "./json-schema.ts";
import { loadConfig } from "./load-config.ts";
import { listMissingFields } from "./missing-fields.ts";
import { notBuiltConfig } from "./not-built.ts";
import { renderConfigReference } from "./reference.ts";
import { roleNames } from "./access-names.ts";
import { Config } from "./schema.ts";
import { valuesOf } from "./shape-arbitraries.ts";
import { listHiddenValues, showConfig } from "./show-config.ts";
import { withWorkspace } from "./workspace-fixture.ts";

const runs = Number(process.env["FUZZ_RUNS"] ?? 100);
const schema = makeConfigJsonSchema();
const isValid = new Ajv2020({ strict: true }).compile(schema);

describe("the JSON Schema", () => {
  it("accepts what the schema accepts", () => {
    fc.assert(
      fc.property(valuesOf(configShape), (value) => {
        expect(Config.safeParse(value).success).toBe(true);
        isValid(value);
        expect(isValid.errors ?? []).toEqual([]);
      }),
      { numRuns: runs },
    );
  });

  it.each([
    {},
    { version: 2 },
    { version: 1, limit: {} },
    { version: 1, limits: { timeout: 900 } },
    { version: 1, limits: { timeout: "900" } },
    { version: 1, limits: { maxOutputBytes: "10MB" } },
    { version: 1, limits: { maxConcurrentWorkflows: 0 } },
    { version: 1, engine: "temporal" },
    { version: 1, adapters: {} },
    { version: 1, secrets: { "A-B": "${env:A}" } },
    { version: 1, access: { bindings: [{ subject: "dana", role: "admin" }] } },
  ])("refuses %j, as the schema does", (value) => {
    expect(Config.safeParse(value).success).toBe(false);
    expect(isValid(value)).toBe(false);
  });

  it("says of every key what it is for", () => {
    const undocumented = Object.entries(schema["properties"] as Record<string, { description?: string }>).filter(
      ([, property]) => property.description === undefined,
    );
    expect(undocumented).toEqual([]);
  });
});

describe("the reference page", () => {
  const page = renderConfigReference();

  it("has one row for each key, with its variable and its default", () => {
    const rows = page.split("\n").filter((line) => line.startsWith("| `"));
    expect(rows.length).toBe(listConfigKeys().length);
    for (const { name, variable } of listConfigKeys()) {
      expect(page).toContain(`| \`${name.replaceAll("*", "NAME")}\` |`);
      expect(page).toContain(`| ${variable === null ? "" : `\`${variable.replace("*", "NAME")}\``} |`);
    }
    expect(page).toContain(
      "| `limits.timeout` | duration | `15m` | `MAHAVISHNU_LIMITS__TIMEOUT` | How long one target (one job on one " +
        "repository) may take, waits between attempts included. Guide: 300 to 1800 s. |",
    );
  });

  it("lists what is refused and what is reserved", () => {
    for (const sentence of Object.values(notBuiltConfig)) expect(page).toContain(sentence);
    expect(page).toContain("- `MAHAVISHNU_IDEMPOTENCY_KEY`");
  });
});

describe("showConfig", () => {
  it("shows values as they are written, secrets never, and what hides what", async () => {
    const files = {
      "mahavishnu.yaml": "version: 1\nlimits: { timeout: 900s }\nauth: { secret: '${env:A}' }\nsecrets: { B: plain }\n",
    };
    await withWorkspace(files, async (workspace) => {
      const loaded = await loadConfig({ workspace, env: { MAHAVISHNU_LIMITS__TIMEOUT: "20m" }, set: [] });
      const shown = new Map(showConfig(loaded).map((row) => [row.path, row]));
      expect(shown.get("limits.timeout")).toMatchObject({ value: "20m", origin: { layer: "environment" } });
      expect(shown.get("limits.grace")).toMatchObject({ value: "5s", origin: { layer: "default" } });
      expect(shown.get("auth.secret")).toMatchObject({ value: "***", reference: "${env:A}" });
      expect(shown.get("secrets.B")).toMatchObject({ value: "***", reference: null });
      expect(shown.has("limits.stepTimeout")).toBe(false);
    });
  });

  it("tells what one file hides of another, and not what a variable or --set overrides", async () => {
    const files = {
      "mahavishnu.yaml": "version: 1\nlimits: { timeout: 900s, grace: 1s }\nprofile: production\n",
      "mahavishnu.local.yaml": "version: 1\nlimits: { grace: 2s, timeout: 20m }\n",
    };
    await withWorkspace(files, async (workspace) => {
      const env = { MAHAVISHNU_LIMITS__TIMEOUT: "20m" };
      const loaded = await loadConfig({ workspace, env, set: ["profile=development"] });
      expect(listHiddenValues(loaded)).toEqual([
        {
          path: "limits.grace",
          text: "limits.grace is set by mahavishnu.local.yaml:2:18, which hides mahavishnu.yaml:2:33",
        },
      ]);
    });
  });
});

describe("the roles that can be bound", () => {
  it("are those that the access rules know", () => {
    expect(Object.keys(roles)).toEqual(roleNames);
  });
});

describe("listMissingFields", () => {
  it("asks for the secret while authentication is on", () => {
    const missing = (value: object): string[] =>
      listMissingFields(Config.parse({ version: 1, ...value })).map(({ path }) => path);
    expect(missing({})).toEqual(["auth.secret"]);
    expect(missing({ auth: { enabled: false } })).toEqual([]);
    expect(missing({ auth: { secret: "${env:A}" } })).toEqual([]);
  });
});

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { MahavishnuError } from "../lib/errors.ts";
import { listConfigKeys, variableOf } from "./config-keys.ts";
import { findKeyByPath, findKeyByVariable } from "./find-key.ts";
import { loadConfig, tryLoadConfig } from "./load-config.ts";
import { mergeTrees, type RawTree, treeOf, valueIn } from "./raw-tree.ts";
import { valuesOf } from "./shape-arbitraries.ts";
import { withWorkspace } from "./workspace-fixture.ts";

const runs = Number(process.env["FUZZ_RUNS"] ?? 100);
const keys = listConfigKeys();
/** Each round writes and reads real files. */
const patience = 20_000 + runs * 50;

interface Setting {
  readonly path: readonly string[];
  readonly value: unknown;
}

/** Some keys with values: what one layer says. */
const settings: fc.Arbitrary<readonly Setting[]> = fc
  // What must be there beside a key of auth.oidc, or in an alert, is asked of the whole; see check-access.test.ts, check-telemetry.test.ts.
  .subarray(
    keys.filter(({ name, variable, inside }) => variable !== null && inside === null && name !== "telemetry.alerts"),
  )
  .chain((chosen) =>
    fc.tuple(
      ...chosen.map((key) =>
        fc.tuple(fc.constantFrom("NPM_TOKEN", "hook", "constructor"), valuesOf(key.shape)).map(([name, value]) => ({
          path: key.path.map((part) => (part === "*" ? name : part)),
          value,
        })),
      ),
    ),
  );

function treeOfSettings(layer: readonly Setting[]): RawTree {
  return layer.reduce<RawTree>((tree, { path, value }) => mergeTrees(tree, treeOf(path, value)), { version: 1 });
}

function asText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

describe("layers", () => {
  it(
    "give each key the value of the highest layer that sets it, else its default",
    async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.tuple(settings, settings, settings, settings),
          async ([file, local, environment, flags]) => {
            const files = {
              "mahavishnu.yaml": stringify(treeOfSettings(file)),
              "mahavishnu.local.yaml": stringify(treeOfSettings(local)),
            };
            const env = Object.fromEntries(
              environment.map(({ path, value }) => {
                const chosen = path[0] === "secrets" ? `MAHAVISHNU_SECRETS__${path[1]}` : variableOf(path);
                return [chosen, asText(value)];
              }),
            );
            const set = flags.map(({ path, value }) => `${path.join(".")}=${asText(value)}`);
            const named = new Set(
              [...JSON.stringify([file, local, flags]).matchAll(/\$\{env:(\w+)\}/g)].map((m) => m[1]),
            );
            fc.pre(Object.keys(env).every((name) => !named.has(name)));
            await withWorkspace(files, async (workspace) => {
              const loaded = await loadConfig({ workspace, env, set });
              const found = new Map(
                loaded.entries.map(({ path, value, origin }) => [path, { value, layer: origin.layer }]),
              );
              const layers = [
                { layer: "flag", said: flags },
                { layer: "environment", said: environment },
                { layer: "local", said: local },
                { layer: "file", said: file },
              ];
              const expected = new Map<string, unknown>([["version", { value: 1, layer: "local" }]]);
              for (const key of keys) {
                const { fallback } = key.shape;
                if (fallback !== undefined && key.inside === null)
                  expected.set(key.name, { value: fallback, layer: "default" });
              }
              for (const { layer, said } of layers.toReversed()) {
                for (const { path, value } of said) expected.set(path.join("."), { value, layer });
              }
              expect(Object.fromEntries(found)).toEqual(Object.fromEntries(expected));
            });
          },
        ),
        { numRuns: runs },
      );
    },
    patience,
  );

  it("merge like maps laid over each other: associative, and the empty one changes nothing", () => {
    const tree = fc.dictionary(
      fc.constantFrom("a", "b", "__proto__", "constructor"),
      fc.oneof(fc.integer(), fc.array(fc.integer()), fc.dictionary(fc.constantFrom("a", "__proto__"), fc.integer())),
    );
    fc.assert(
      fc.property(tree, tree, tree, (a, b, c) => {
        // A map over a scalar and back is the one case in which order of merging shows; the schema excludes it.
        fc.pre(
          [a, b, c].every((x) =>
            Object.keys(x).every((k) => [a, b, c].every((y) => sameShape(valueIn(x, [k]), valueIn(y, [k])))),
          ),
        );
        expect(mergeTrees(mergeTrees(a, b), c)).toEqual(mergeTrees(a, mergeTrees(b, c)));
        expect(mergeTrees(a, {})).toEqual(a);
        expect(mergeTrees({}, a)).toEqual(a);
        expect(({} as Record<string, unknown>)["a"]).toBeUndefined();
      }),
      { numRuns: runs },
    );
  });
});

function sameShape(a: unknown, b: unknown): boolean {
  const shape = (x: unknown): string => (Array.isArray(x) ? "list" : typeof x);
  return a === undefined || b === undefined || shape(a) === shape(b);
}

describe("names", () => {
  it("of variables lead back to their keys, and no two keys share one", () => {
    const settable = keys.filter(({ variable }) => variable !== null);
    expect(new Set(settable.map(({ variable }) => variable)).size).toBe(settable.length);
    expect(settable.length).toBeGreaterThan(30);
    for (const key of settable) {
      const path = key.path.map((part) => (part === "*" ? "npmToken_1" : part));
      const variable = (key.variable ?? "").replace("*", "npmToken_1");
      expect(findKeyByVariable(variable, keys)).toEqual({ key, path });
      expect(findKeyByPath(path.join("."), keys)).toEqual({ key, path });
    }
  });

  it("of variables follow one rule", () => {
    expect(variableOf(["limits", "maxConcurrentWorkflows"])).toBe("MAHAVISHNU_LIMITS__MAX_CONCURRENT_WORKFLOWS");
    expect(variableOf(["readiness", "thresholds", "workflowSpeed", "p95"])).toBe(
      "MAHAVISHNU_READINESS__THRESHOLDS__WORKFLOW_SPEED__P95",
    );
  });
});

describe("the loader, given anything", () => {
  const line = fc.oneof(
    fc.constantFrom(...keys.map(({ name }) => `${name.split(".").join(": { ")}: 1`)),
    fc.constantFrom("version: 1", "limits:", "  retry: { attempts: 3 }", "secrets:", "  A: ${env:A}", "  __proto__: x"),
    fc.constantFrom(
      "access: { bindings: [{ subject: 'user:a', role: viewer, where: '((((' }] }",
      "<<: *a",
      "&a x: 1",
      "- a",
    ),
    fc.string(),
  );
  const text = fc.array(line, { maxLength: 8 }).map((lines) => lines.join("\n"));
  const name = fc.oneof(
    fc.constantFrom(...keys.map(({ variable, name: path }) => variable ?? path)),
    fc.stringMatching(/^MAHAVISHNU_[A-Z_]{0,20}$/),
  );
  const argument = fc.oneof(
    fc.string(),
    fc
      .tuple(fc.constantFrom(...keys.map((key) => key.name), "secrets.__proto__", "a.b"), fc.string())
      .map((p) => p.join("=")),
  );

  it(
    "says what is wrong or loads, and never fails in another way",
    async () => {
      await fc.assert(
        fc.asyncProperty(
          text,
          fc.option(text, { nil: undefined }),
          fc.dictionary(name, fc.string(), { maxKeys: 4 }),
          fc.array(argument, { maxLength: 3 }),
          async (file, local, env, set) => {
            const files = {
              "mahavishnu.yaml": file,
              ...(local === undefined ? {} : { "mahavishnu.local.yaml": local }),
            };
            await withWorkspace(files, async (workspace) => {
              const problem = await tryLoadConfig({ workspace, env, set }).then(
                (result) => (result.loaded === undefined ? result.error : undefined),
                (error: Error) => error,
              );
              const isForeseen =
                problem === undefined || (problem instanceof MahavishnuError && problem.code !== "INTERNAL");
              if (!isForeseen) throw problem;
              expect(isForeseen).toBe(true);
            });
          },
        ),
        { numRuns: runs },
      );
    },
    patience,
  );
});

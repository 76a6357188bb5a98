import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { makeShape } from "../config/make-shape.ts";
import { manifestShape } from "./generated/manifest-shape.ts";
import { readByShape } from "./import-manifests.ts";
import { Manifest } from "./schema.ts";

const runs = Number(process.env["FUZZ_RUNS"] ?? 100);

const names = fc.constantFrom(
  "a",
  "web-app",
  "0x",
  "a.b",
  "..",
  "a.lock",
  ".a",
  "",
  "constructor",
  "ä",
  "a b",
  "x".repeat(101),
);
const texts = fc.constantFrom("", " ", "a", "a/b", "a//b", "a\0b", "main", "-x", "a..b", "@", "x.lock", "\n");
const urls = fc.constantFrom("https://a.example/b", "git@a:b", "ext::sh", "-x", "", "gopher://a", "./a", "git@a:-b");
const junk = fc.oneof(fc.constantFrom<unknown>(null, "", 0, 1, true, [], {}, [1], [null], { a: 1 }), fc.anything());
const map = <T>(keys: fc.Arbitrary<string>, value: fc.Arbitrary<T>): fc.Arbitrary<Record<string, T>> =>
  fc.dictionary(keys, value, { maxKeys: 3, noNullPrototype: true });

const repository = fc.record(
  {
    url: urls,
    path: texts,
    branch: texts,
    role: texts,
    tags: fc.array(texts, { maxLength: 2 }),
    needs: fc.array(texts, { maxLength: 2 }),
    optional: fc.boolean(),
    env: map(
      fc.constantFrom("A", "a_1", "1a", "MAHAVISHNU_X", "A-B", ""),
      fc.oneof({ weight: 9, arbitrary: texts }, junk),
    ),
  },
  { requiredKeys: [], noNullPrototype: true },
);
const role = fc.record(
  {
    description: texts,
    limits: fc.record(
      { timeout: fc.constantFrom("1s", "1.5m", "0s", "25d", "x", "") },
      { requiredKeys: [], noNullPrototype: true },
    ),
  },
  { requiredKeys: [], noNullPrototype: true },
);
const often = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 19, arbitrary }, { weight: 1, arbitrary: junk });
const manifests = fc.record(
  {
    version: often(fc.constant(1)),
    root: often(texts),
    roles: often(map(names, fc.option(often(role)))),
    repos: often(map(names, fc.option(often(repository)))),
    selectors: often(map(names, texts)),
    import: often(fc.array(texts, { maxLength: 2 })),
    unknown: fc.constant(1),
  },
  { requiredKeys: ["version"], noNullPrototype: true },
);

describe("the shape of the manifest", () => {
  it("is that of the schema; if not, run `node scripts/shapes.ts && npx oxfmt src/repositories/generated`", () => {
    expect(manifestShape).toEqual(makeShape(Manifest));
  });

  it("reads what the schema finds right, and the same value, and nothing else", () => {
    fc.assert(
      fc.property(manifests, (given) => {
        const parsed = Manifest.safeParse(given);
        expect(readByShape(given)).toEqual(parsed.success ? parsed.data : null);
      }),
      { numRuns: runs * 20 },
    );
  });

  it.each([
    {
      version: 1,
      repos: { a: { url: "https://a.example/b", path: "a/b", tags: ["lang/ts"], env: { A: "" } }, b: null },
    },
    { version: 1, roles: { service: { limits: { timeout: "5m" } }, other: null }, repos: null, import: ["x/*.yaml"] },
    { version: 1, root: "~/src", selectors: { all: "*" }, repos: { a: { branch: "release/1.x", optional: true } } },
  ])("reads %j", (given) => {
    expect(readByShape(given)).toEqual(Manifest.parse(given));
  });

  it.each([
    { version: 1, repos: { a: { url: "ext::sh" } } },
    { version: 1, repos: { a: { env: { MAHAVISHNU_X: "1" } } } },
    { version: 1, repos: { a: { path: "a\0b" } } },
    { version: 1, repos: { a: { branch: "a..b" } } },
    JSON.parse('{"version":1,"selectors":{"__proto__":"*"}}'),
  ] as unknown[])("leaves %j to the schema", (given) => {
    expect(readByShape(given)).toBeNull();
  });
});

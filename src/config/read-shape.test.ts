import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { configShape } from "./generated/config-shape.ts";
import { makeShape } from "./make-shape.ts";
import { readShape, wrong } from "./read-shape.ts";
import { Config } from "./schema.ts";
import { valuesOf } from "./shape-arbitraries.ts";

const runs = Number(process.env["FUZZ_RUNS"] ?? 100);

describe("the shape of the configuration", () => {
  it("is that of the schema; if not, run `node scripts/shapes.ts && npx oxfmt src/config/generated`", () => {
    expect(configShape).toEqual(makeShape(Config));
  });

  it("reads what is right exactly as the schema does", () => {
    fc.assert(
      fc.property(valuesOf(configShape), (value) => {
        const read = readShape(configShape, value);
        expect(read).not.toBe(wrong);
        expect(read).toEqual(Config.parse(value));
      }),
      { numRuns: runs },
    );
  });

  it("finds wrong what the schema finds wrong, and nothing else", () => {
    const junk = fc.oneof(
      fc.constantFrom<unknown>(
        null,
        "",
        " ",
        "0s",
        "-1s",
        "25d",
        "1.5m",
        "9".repeat(400) + "s",
        "0B",
        "1GiB",
        "900",
        "true",
        "[]",
      ),
      fc.constantFrom<unknown>(
        "${env:A}",
        "${env:}",
        "${file: }",
        "x${env:A}",
        "postgres://a",
        "sqlite::memory:",
        "sqlite:",
        "tag:",
      ),
      fc.constantFrom<unknown>(
        0,
        1,
        3,
        -1,
        1.5,
        1e300,
        Number.NaN,
        Infinity,
        true,
        [],
        {},
        [1],
        { a: 1 },
        ["./a"],
        ["${env:A}"],
      ),
      fc.constantFrom<unknown>(
        [{ subject: "user:a", role: "viewer" }],
        [{ subject: "a", role: "viewer" }],
        [{ role: "x" }],
        [{ subject: "user:a", role: "viewer", where: "dirty" }],
        [{ subject: "user:a", role: "owner" }],
      ),
      fc.constantFrom<unknown>({ "A-B": "x" }, { A: "" }, { A: "x" }, JSON.parse('{"constructor":"x"}')),
      fc.anything(),
    );
    const places = placesOf(configShape);
    fc.assert(
      fc.property(valuesOf(configShape), fc.constantFrom(...places), junk, (value, place, replacement) => {
        const broken = put(value, place, replacement);
        // The schema drops this name without a word; `explainConfig` refuses it, and so does the shape.
        fc.pre(!namesPrototype(broken));
        const parsed = Config.safeParse(broken);
        const read = readShape(configShape, broken);
        expect(read === wrong ? "wrong" : read).toEqual(parsed.success ? parsed.data : "wrong");
      }),
      { numRuns: runs * 10 },
    );
  });
});

type Place = readonly string[];

/** Every path of maps and leaves, with one unknown key in each map. */
function placesOf(shape: typeof configShape, at: Place = []): Place[] {
  if (shape.kind !== "map") return [at];
  return [
    ...(at.length === 0 ? [] : [at]),
    [...at, "unknown"],
    ...Object.entries(shape.keys).flatMap(([key, child]) => placesOf(child, [...at, key])),
  ];
}

function put(value: unknown, [head, ...rest]: Place, replacement: unknown): unknown {
  if (head === undefined) return replacement;
  const map = typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  return { ...map, [head]: put(map[head], rest, replacement) };
}

function namesPrototype(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return Object.hasOwn(value, "__proto__") || Object.values(value).some(namesPrototype);
}

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { UserFileError } from "../lib/errors.ts";
import { parseRunFilter, type RunFilter } from "./run-filter.ts";
import { printSelector } from "./print-selector.ts";
import { runTermNames, runTerms } from "./run-terms.ts";
import { readBounds, readMoment } from "./run-times.ts";

const numRuns = Number(process.env["FUZZ_RUNS"] ?? 100);

/** The error of a filter that must not parse. */
function problemOf(text: string): UserFileError {
  try {
    parseRunFilter(text, "filter");
  } catch (error) {
    if (error instanceof UserFileError) return error;
    throw error;
  }
  throw new Error(`parsed: ${text}`);
}

/** The filter, or undefined when the text is refused as it should be. */
function tryFilter(text: string): RunFilter | undefined {
  try {
    return parseRunFilter(text, "filter");
  } catch (error) {
    if (error instanceof UserFileError) return undefined;
    throw error;
  }
}

/** A filter without the places in its text. */
function bare(node: RunFilter): unknown {
  return JSON.parse(JSON.stringify(node, (key, value: unknown) => (key === "range" ? undefined : value)));
}

describe("parseRunFilter", () => {
  it.each(runTermNames.map((name) => runTerms[name].example))("takes the example %s of the reference", (example) => {
    expect(parseRunFilter(example, "filter").kind).toBe("term");
  });

  it("has the operators of selectors, and values with colons", () => {
    const node = parseRunFilter('(state:failed || !actor:user:dana) && reason:"no (target), \\"b\\""', "filter");
    expect(printSelector(node)).toBe(String.raw`(state:failed || !actor:user:dana) && reason:"no (target), \"b\""`);
    expect(node).toMatchObject({ items: [{}, { term: "reason", value: 'no (target), "b"' }] });
  });

  it.each([
    ["", "the filter is empty", "leave it out to pick all runs"],
    ["stat:failed", 'unknown term "stat:"', 'did you mean "state"?'],
    ["raise-node", 'unknown term "raise-node"', 'did you mean "workflow:raise-node"?'],
    ["role:service", 'unknown term "role:"', "known: state, workflow"],
    ["dirty", 'unknown term "dirty"', 'did you mean "workflow:dirty"?'],
    ["state:faild", '"faild" is not a state of a run', 'did you mean "failed"?'],
    ["state:skipped", '"skipped" is not a state of a run', "known: queued"],
    ["@web", '"@web" means nothing here', "named selectors pick repositories"],
    ["id:K3V9", '"K3V9" is not the beginning of a run\'s id', "ten letters and digits"],
    ["id:k3v9q0x2mf0", '"k3v9q0x2mf0" is not the beginning', ""],
    ["created:2h", '"2h" is not a day or moment', "with >, >=, < or <= before it"],
    ["created:>", '">" is not a day or moment', ""],
    ["created:=2026-11-01", '"=2026-11-01" is not a day or moment', ""],
    ["created:2026-02-30", '"2026-02-30" is not a day or moment', ""],
    ["created:2026-11-01T10:00", "is not a day or moment", ""],
    ["since:yesterday", '"yesterday" is not a day, a moment or a duration', "how long ago"],
    ["until:2", '"2" is not a day, a moment or a duration', ""],
    ["since:>2026-11-01", '">2026-11-01" is not a day', ""],
    ["state:failed &&", "a term is missing at the end", "for example state:failed"],
    ["'a'", "a quoted text cannot stand alone", 'reason:"every target"'],
    ['reason:"a\u0000b"', "the value holds a control character", ""],
    [`reason:${"a".repeat(201)}`, "the value has 201 characters, more than 200", ""],
    [`!${"(".repeat(64)}`, "the filter nests deeper than 64", "ask for less at once"],
  ])("refuses %j", (text, message, hint) => {
    const error = problemOf(text);
    expect(error.code).toBe("USAGE");
    expect(error.diagnostics).toHaveLength(1);
    expect(error.diagnostics[0]?.message).toContain(message);
    expect(error.diagnostics[0]?.hint ?? "").toContain(hint);
  });

  it("shows a caret", () => {
    expect(problemOf("workflow:x && state:faild").message).toBe(
      [
        'filter:1:21  "faild" is not a state of a run',
        "    1 | workflow:x && state:faild",
        '      |                     ^^^^^ did you mean "failed"?',
      ].join("\n"),
    );
  });

  it("meets any text with a tree that prints as the same one, or a UserFileError", () => {
    const piece = fc.oneof(
      fc.constantFrom(
        ..."&|!()@:'\"\\*?[%_ <>=".split(""),
        "&&",
        "||",
        "state:failed",
        "since:2h",
        "\u0000",
        "\u{1F600}",
      ),
      fc.constantFrom(...runTermNames.map((name) => `${name}:`)),
      fc.string({ maxLength: 4, unit: "binary" }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const text = pieces.join("");
        const node = tryFilter(text);
        if (node === undefined) return;
        expect(bare(parseRunFilter(printSelector(node), "filter"))).toEqual(bare(node));
      }),
      { numRuns: numRuns * 5 },
    );
  });
});

describe("times in filters", () => {
  const day = Date.UTC(2026, 10, 1);
  const [always, never] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  it.each([
    ["2026-11-01", day, day + 86_400_000],
    [">2026-11-01", day + 86_400_000, never],
    [">=2026-11-01", day, never],
    ["<2026-11-01", always, day],
    ["<=2026-11-01", always, day + 86_400_000],
    [">2026-11-01T10:00Z", day + 36_000_001, never],
    ["<=2026-11-01T11:00:00.000+01:00", always, day + 36_000_001],
  ])("reads %s", (value, from, until) => {
    expect(readBounds(value)).toEqual({ from, until });
  });

  it("reads moments, and how long ago", () => {
    expect(readMoment("2026-11-01", 0)).toBe(day);
    expect(readMoment("2h", day)).toBe(day - 7_200_000);
    expect(readMoment(`${"9".repeat(199)}d`, day)).toBeLessThan(-1e100);
  });
});

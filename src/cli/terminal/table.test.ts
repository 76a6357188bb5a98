import { stripVTControlCharacters } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Line, span } from "./line.ts";
import type { Look } from "./look.ts";
import { renderTable, shrinkWidest, type Table, tableWidth } from "./table.ts";
import { displayWidth } from "./text-width.ts";

const numRuns = Number(process.env["FUZZ_RUNS"] ?? 100);
const wide: Look = { width: 80, colour: false, unicode: true };
const repositories: Table = {
  columns: [{ heading: "name" }, { heading: "ahead", align: "right" }, { heading: "branch" }],
  rows: [
    [["auth-lib"], ["12"], ["main"]],
    [["gateway"], ["3"], ["feature/a-long-name-that-nobody-reads-to-its-end"]],
    [["日本"], [], [span("bad", "none")]],
  ],
};

describe("renderTable", () => {
  it("aligns columns without borders", () => {
    expect(renderTable(repositories, wide).join("\n")).toMatchInlineSnapshot(`
      "name      ahead  branch
      auth-lib     12  main
      gateway       3  feature/a-long-name-that-nobody-reads-to-its-end
      日本             none"
    `);
  });

  it("shortens the widest column first", () => {
    expect(renderTable(repositories, { ...wide, width: 30 }).join("\n")).toMatchInlineSnapshot(`
      "name      ahead  branch
      auth-lib     12  main
      gateway       3  feature/a-lo…
      日本             none"
    `);
  });

  it("keeps a column whole that says so, while the others can give way", () => {
    const table: Table = {
      columns: [{ whole: true }, {}],
      rows: [[["k3v9q0x2mf"], ["a reason of many words that is not read to its end"]]],
    };
    expect(renderTable(table, { ...wide, width: 20 })).toEqual(["k3v9q0x2mf  a reaso…"]);
    expect(renderTable(table, { ...wide, width: 8 })).toEqual(["k3…  a …"]);
  });

  it("cuts with two dots where there is ASCII only", () => {
    expect(renderTable(repositories, { width: 30, colour: false, unicode: false })[2]).toMatchInlineSnapshot(
      `"gateway       3  feature/a-l.."`,
    );
  });

  it("cuts nothing when nobody looks", () => {
    expect(renderTable(repositories, { ...wide, width: Number.POSITIVE_INFINITY })[2]).toMatch(/to-its-end$/);
  });

  it("leaves out a column without any text", () => {
    const table: Table = {
      columns: [{}, {}, {}],
      rows: [
        [["a"], [], ["b"]],
        [["c"], [""], ["d"]],
      ],
    };
    expect(renderTable(table, wide)).toEqual(["a  b", "c  d"]);
  });

  it("is nothing without rows and headings", () => {
    expect(renderTable({ columns: [{}], rows: [] }, wide)).toEqual([]);
  });

  it("escapes what could act on the terminal, and measures it as shown", () => {
    const table: Table = {
      columns: [{}, {}],
      rows: [
        [["a\u001B[2J"], ["x"]],
        [["bb"], ["y"]],
      ],
    };
    expect(renderTable(table, wide)).toEqual(["a\\x1b[2J  x", "bb        y"]);
  });

  it("paints by meaning, and says the same without colour", () => {
    const coloured = renderTable(repositories, { ...wide, colour: true });
    expect(coloured.join("")).toContain("\u001B[31mnone\u001B[39m");
    expect(coloured.map(stripVTControlCharacters)).toEqual(renderTable(repositories, wide));
  });

  const cell: fc.Arbitrary<Line> = fc.array(
    fc.oneof(
      fc.string({ unit: "grapheme", maxLength: 12 }),
      fc.string({ unit: "binary", maxLength: 4 }).map((text) => span("good", text)),
    ),
    { maxLength: 3 },
  );

  it("is never wider than the terminal, whatever stands in it, with colour and without", () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(cell, { minLength: 3, maxLength: 3 }), { maxLength: 5 }),
        fc.integer({ min: 1, max: 60 }),
        fc.nat(4),
        fc.boolean(),
        (rows, width, indent, unicode) => {
          const table: Table = { columns: [{ heading: "first" }, { align: "right" }, {}], rows, indent };
          const plain = renderTable(table, { width, colour: false, unicode });
          expect(plain.every((line) => displayWidth(line) <= width)).toBe(true);
          const coloured = renderTable(table, { width, colour: true, unicode });
          expect(coloured.map(stripVTControlCharacters)).toEqual(plain);
          const whole = renderTable(table, { width: Number.POSITIVE_INFINITY, colour: false, unicode });
          expect(tableWidth(table) > width || plain.join("\n") === whole.join("\n")).toBe(true);
        },
      ),
      { numRuns },
    );
  });
});

describe("shrinkWidest", () => {
  it.each([
    [[3, 20, 10], 20, [3, 9, 8]],
    [[3, 20, 10], 33, [3, 20, 10]],
    [[5, 5], 4, [2, 2]],
    [[], 4, []],
    [[9], -1, [0]],
  ])("of %j in %i columns is %j", (widths, room, expected) => {
    expect(shrinkWidest(widths, room)).toEqual(expected);
  });

  it("uses the room, never more, and takes nothing from who has less than the others", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(50), { minLength: 1, maxLength: 8 }), fc.nat(120), (widths, room) => {
        const shrunk = shrinkWidest(widths, room);
        const total = shrunk.reduce((sum, width) => sum + width, 0);
        const natural = widths.reduce((sum, width) => sum + width, 0);
        expect(total).toBe(Math.min(room, natural));
        const level = Math.max(...shrunk);
        expect(shrunk.every((width, index) => width === widths[index] || width >= level - 1)).toBe(true);
      }),
      { numRuns },
    );
  });
});

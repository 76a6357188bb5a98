import { describe, expect, it } from "vitest";
import { findCircle, findUpwardImports, readImportGraph, rooms } from "./support/import-graph.ts";

const graph = await readImportGraph();

describe("the rooms of src/", () => {
  it("are looked at: the checker sees files and imports in every room that exists", () => {
    expect(graph.size).toBeGreaterThan(10);
    expect([...graph.values()].flat().length).toBeGreaterThan(10);
  });

  it("are all known, so that none is outside the order", () => {
    const found = new Set([...graph.keys()].map((file) => file.split("/")[1] ?? ""));
    expect([...found].filter((room) => !rooms.includes(room))).toEqual([]);
  });

  it("import downwards only, types included", () => {
    expect(findUpwardImports(graph)).toEqual([]);
  });

  it("hold no circle of files, types included", () => {
    expect(findCircle(graph)).toEqual([]);
  });

  it("would be told of an upward import and of a circle", () => {
    const wrong = new Map([
      ["src/lib/a.ts", ["src/store/b.ts"]],
      ["src/store/b.ts", ["src/store/c.ts"]],
      ["src/store/c.ts", ["src/store/b.ts"]],
    ]);
    expect(findUpwardImports(wrong)).toEqual(["src/lib/a.ts -> src/store/b.ts"]);
    expect(findCircle(wrong)).toEqual(["src/store/b.ts", "src/store/c.ts", "src/store/b.ts"]);
  });
});

import { describe, expect, it } from "vitest";
import { renderGraph } from "./graph.ts";
import type { Repository } from "./types.ts";

function makeRepositories(needs: Readonly<Record<string, readonly string[]>>): Repository[] {
  return Object.entries(needs).map(([name, list], index) => ({
    name,
    index,
    path: `/x/${name}`,
    tags: [],
    needs: list,
    optional: false,
    env: {},
    place: { file: "repos.yaml", line: 1 },
    ...(name === "lib" ? { role: "library" } : {}),
  }));
}

const diamond = makeRepositories({
  lib: [],
  left: ["lib"],
  right: ["lib", "left"],
  end: ["left", "right", "elsewhere"],
  alone: [],
});

describe("renderGraph", () => {
  it("writes trees and unfolds each repository once", () => {
    expect(renderGraph(diamond, "text")).toBe(
      ["end", "|- left", "|  `- lib", "`- right", "   |- lib", "   `- left (see above)", "alone"].join("\n"),
    );
  });

  it("writes dot, mermaid and json", () => {
    expect(renderGraph(diamond, "dot")).toContain('  "lib" [group="library"];');
    expect(renderGraph(diamond, "dot")).toContain('  "end" -> "right";');
    expect(renderGraph(diamond, "mermaid").split("\n")).toEqual(
      expect.arrayContaining(["graph LR", '  r3["end"]', "  r3 --> r2"]),
    );
    expect(JSON.parse(renderGraph(diamond, "json"))).toMatchObject({
      repositories: [{ name: "lib", role: "library" }, {}, {}, {}, {}],
      needs: expect.arrayContaining([{ from: "right", to: "lib" }]) as unknown[],
    });
  });

  it("draws long chains and dense layers in good time", () => {
    const chain = makeRepositories(
      Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`r${i}`, i === 0 ? [] : [`r${i - 1}`]])),
    );
    // Each line is indented by its depth, so only a part of the chain is drawn here.
    expect(renderGraph(chain.slice(0, 3_000), "text").split("\n")).toHaveLength(3_000);
    const layers = makeRepositories(
      Object.fromEntries(
        Array.from({ length: 40 }, (_, i) => [
          `l${i}`,
          Array.from({ length: 5 }, (_unused, k) => `l${i - 1 - k}`).filter((name) => !name.includes("-")),
        ]),
      ),
    );
    expect(renderGraph(layers, "text").split("\n").length).toBeLessThan(300);
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isDeeper } from "./parse-json.ts";

const runs = { numRuns: Number(process.env["FUZZ_RUNS"] ?? 100) };

function depthOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

describe("the depth of a body", () => {
  it("is that of what it holds, whatever its texts look like", () => {
    fc.assert(
      fc.property(
        fc.json({ maxDepth: 8, stringUnit: fc.constantFrom("[", "]", "{", "}", '"', "\\", "é", "a") }),
        (text) => {
          const depth = depthOf(JSON.parse(text));
          const bytes = Buffer.from(text);
          expect(isDeeper(bytes, depth)).toBe(false);
          expect(isDeeper(bytes, depth - 1)).toBe(depth > 0);
        },
      ),
      runs,
    );
  });

  it("is found in one pass, of a body of any size", () => {
    expect(isDeeper(Buffer.alloc(1024 ** 2, "["), 64)).toBe(true);
    expect(isDeeper(Buffer.from(`"${"[".repeat(100)}"`), 64)).toBe(false);
  });
});

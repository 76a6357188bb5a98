import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { requireLate, unwriteRegExps } from "./late-string-width.ts";

const installed = await readFile(new URL("../../node_modules/string-width/index.js", import.meta.url), "utf8");
const ours = await readFile(new URL("../../src/cli/terminal/text-width.ts", import.meta.url), "utf8");

describe("lateStringWidth", () => {
  it("makes the same regular expressions by a call", async () => {
    const code = String.raw`export const a = /^\\\d[\/"]+$/gv; export const b = /\u{1F600}|\p{L}/v.exec("😀"); export const c = 4 / 2 / 1;`;
    const late = unwriteRegExps(code);
    expect(late.match(/new RegExp/g)).toHaveLength(2);
    const run = async (text: string): Promise<unknown> => {
      const module = (await import(`data:text/javascript,${encodeURIComponent(text)}`)) as object;
      return JSON.stringify({ ...module }, (_, value: unknown) => (value instanceof RegExp ? String(value) : value));
    };
    expect(await run(late)).toBe(await run(code));
  });

  it("leaves none written in the package that is installed", () => {
    const late = unwriteRegExps(installed);
    expect(installed).toMatch(/= \/.*\/v;/);
    expect(late).not.toMatch(/[=(] ?\/.*\/[a-z]*[;.)]/);
    expect(unwriteRegExps(late)).toBe(late);
  });

  it("finds its line in text-width.ts, and refuses one that has changed", () => {
    expect(requireLate(ours)).not.toContain("import stringWidth");
    expect(() => requireLate("import width from 'string-width';")).toThrow("no longer has the line");
  });
});

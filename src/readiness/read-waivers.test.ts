import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { UserFileError } from "../lib/errors.ts";
import { readWaivers } from "./read-waivers.ts";

const numRuns = Number(process.env["FUZZ_RUNS"] ?? 100);
const good = "version: 1\nwaivers:\n  - id: RPO001\n    reason: migrating\n    owner: dana\n    expires: 2026-04-01\n";

function errorOf(text: string): unknown {
  try {
    readWaivers("w.yaml", text);
    return undefined;
  } catch (error) {
    return error;
  }
}

describe("readWaivers", () => {
  it("reads entries with their places", () => {
    expect(readWaivers("waivers.yaml", `${good}    target: ledger\n    ticket: OPS-1\n`)).toEqual([
      {
        id: "RPO001",
        reason: "migrating",
        owner: "dana",
        expires: "2026-04-01",
        target: "ledger",
        ticket: "OPS-1",
        place: "waivers.yaml:3",
      },
    ]);
  });

  it.each([
    ["reason", /reason/],
    ["owner", /owner/],
    ["expires", /expires/],
  ])("keeps an entry without %s, with its problem", (key, problem) => {
    const text = good
      .split("\n")
      .filter((line) => !line.includes(`${key}:`))
      .join("\n");
    expect(readWaivers("w.yaml", text)[0]?.problem).toMatch(problem);
  });

  it("names an unknown key, an empty reason, a bad date and an entry that is none", () => {
    expect(readWaivers("w.yaml", `${good}    until: x\n`)[0]?.problem).toContain('unknown key "until"');
    expect(readWaivers("w.yaml", good.replace("migrating", '" "'))[0]?.problem).toContain("must not be empty");
    expect(readWaivers("w.yaml", good.replace("2026-04-01", "2026-02-30"))[0]?.problem).toContain("YYYY-MM-DD");
    expect(readWaivers("w.yaml", "version: 1\nwaivers: [7]\n")[0]).toMatchObject({
      id: "",
      problem: expect.any(String) as string,
    });
    expect(readWaivers("w.yaml", good.replace("    owner: dana\n", ""))).toHaveLength(1);
  });

  it("refuses a file that is wrong as a whole", () => {
    for (const text of [
      "",
      "waivers: []",
      "version: 2\nwaivers: []",
      "version: 1\nwaiver: []",
      "version: 1\nwaivers: {}",
      "a: [",
    ]) {
      expect(() => readWaivers("w.yaml", text), text).toThrow(UserFileError);
    }
  });

  it("reads anything without another error than the user's", () => {
    const value = fc.oneof(fc.string(), fc.integer(), fc.constant(null), fc.array(fc.string()));
    const entry = fc.oneof(
      value,
      fc.dictionary(fc.constantFrom("id", "reason", "owner", "expires", "target", "x"), value),
    );
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 3 }), fc.string(), (entries, noise) => {
        const read = readWaivers("w.yaml", JSON.stringify({ version: 1, waivers: entries }));
        expect(read).toHaveLength(entries.length);
        expect(errorOf(noise)).toSatisfy((error) => error === undefined || error instanceof UserFileError);
      }),
      { numRuns },
    );
  });
});

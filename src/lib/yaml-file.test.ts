import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as z from "zod";
import { UserFileError } from "./errors.ts";
import { parseYamlFile, validateYaml } from "./yaml-file.ts";

const runs = Number(process.env["FUZZ_RUNS"] ?? 100);

const schema = z.strictObject({
  version: z.literal(1),
  role: z.enum(["library", "service"]).optional(),
  limits: z.strictObject({ steps: z.int().min(1).optional() }).optional(),
  tags: z.array(z.string()).optional(),
});

function messageFor(text: string): string {
  try {
    validateYaml(parseYamlFile("a.yaml", text), schema, { server: "There is no server yet." });
    return "valid";
  } catch (error) {
    if (error instanceof UserFileError) return error.message;
    throw error;
  }
}

describe("validateYaml", () => {
  it("shows each wrong place with its line and a caret", () => {
    expect(messageFor("# a comment\nversion: 1\nrole: servce\nlimits:\n  stepz: 2\n  steps: 0\n"))
      .toMatchInlineSnapshot(`
        "a.yaml:3:7  "servce" is not one of library, service
            3 | role: servce
              |       ^^^^^^ did you mean "service"?

        a.yaml:5:3  unknown key "stepz"
            5 |   stepz: 2
              |   ^^^^^ did you mean "steps"?

        a.yaml:6:10  "steps" must be at least 1
            6 |   steps: 0
              |          ^"
      `);
  });

  it("shows a missing key where the content begins", () => {
    expect(messageFor("# a comment\n\nrole: service\n")).toMatchInlineSnapshot(`
      "a.yaml:3:1  "version" is required here
          3 | role: service
            | ^ add \`version: 1\`"
    `);
  });

  it("refuses what is not built with its own sentence", () => {
    expect(messageFor("version: 1\nserver: { port: 1 }\n")).toMatchInlineSnapshot(`
      "a.yaml:2:1  "server" is not built yet
          2 | server: { port: 1 }
            | ^^^^^^ There is no server yet."
    `);
  });

  it("shows an item of a list", () => {
    expect(messageFor("version: 1\ntags: [a, 2, c]\n")).toMatchInlineSnapshot(`
      "a.yaml:2:11  item 2 must be text, not 2
          2 | tags: [a, 2, c]
            |           ^"
    `);
  });

  it("accepts a valid file", () => {
    expect(messageFor("version: 1\nrole: service\ntags:\n  - a\n")).toBe("valid");
  });
});

describe("parseYamlFile", () => {
  it.each([
    ["version: 1\ntags: &t [*t]\n", "a.yaml:2:11"],
    ["version: 1\nlimits: &x { steps: *x }\n", "a.yaml:2:21"],
    ["version: 1\nlimits: &x\n  steps: [&y [1], { a: *y, b: *x }]\n", "a.yaml:3:31"],
    ["&all\nversion: 1\nlimits: *all\n", "a.yaml:3:9"],
  ])("refuses an alias that stands inside what it stands for: %j", (text, place) => {
    const message = messageFor(text);
    expect(message).toContain(`${place}  this alias stands inside what it stands for`);
    expect(message).toContain("^");
  });

  it("accepts an anchor that is named again, and an alias beside what it stands for", () => {
    expect(messageFor("version: 1\ntags: [&t a, *t, &t b, *t]\n")).toBe("valid");
  });

  it("refuses a key that stands twice", () => {
    expect(messageFor("version: 1\nversion: 1\n")).toMatchInlineSnapshot(`
      "a.yaml:2:1  this key stands twice in the same map
          2 | version: 1
            | ^^^^^^^"
    `);
  });

  it("refuses broken syntax", () => {
    expect(messageFor("version: 1\nrole: [a\n")).toMatchInlineSnapshot(`
      "a.yaml:3:1  Flow sequence in block collection must be sufficiently indented and end with a ]
          3 |
            | ^"
    `);
  });

  it("refuses an empty file", () => {
    expect(messageFor("")).toMatchInlineSnapshot(`
      "a.yaml:1:1  the document must be a map, but it is empty
          1 |
            | ^"
    `);
  });

  it("shows an alias without an anchor", () => {
    expect(messageFor("version: 1\nrole: *service\n")).toMatchInlineSnapshot(`
      "a.yaml:2:7  this alias has no anchor before it; a text that begins with * needs quotes
          2 | role: *service
            |       ^^^^^^^^"
    `);
  });

  it("ends aliases that multiply", () => {
    const laughs = ["a: &a [x, x, x, x, x, x, x, x, x, x]"];
    for (let i = 0; i < 9; i += 1)
      laughs.push(
        `b${i}: &b${i} [${Array(10)
          .fill(i === 0 ? "*a" : `*b${i - 1}`)
          .join(", ")}]`,
      );
    expect(messageFor(laughs.join("\n"))).toContain("alias");
  });

  it("never throws anything but a UserFileError, whatever the text", () => {
    const piece = fc.oneof(
      fc.constantFrom(
        "version: 1\n",
        "role: ",
        "limits:\n",
        "  steps: 1\n",
        "- ",
        "&a ",
        "*a",
        "!!x ",
        "? ",
        "|\n",
        "{",
        "}",
        "[",
        "]",
        '"',
        "'",
        "\t",
        "\r\n",
        "---\n",
        "...\n",
        "%YAML 1.2\n",
        "__proto__: ",
        "<<: ",
      ),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        expect(messageFor(pieces.join(""))).not.toBe("");
      }),
      { numRuns: runs },
    );
  });
});

describe("files that no person has written", () => {
  it("refuses what nests too deeply, and shows a piece of the line", () => {
    for (const text of [`a: ${"[".repeat(20_000)}`, `a: ${"{b: ".repeat(5_000)}1${"}".repeat(5_000)}`]) {
      const message = messageFor(text);
      expect(message).toMatch(/^a\.yaml:1:\d+ {2}the lists and maps nest too deeply here\n {4}1 \| \.\.\./);
      expect(message.length).toBeLessThan(500);
    }
  });

  it("refuses aliases that multiply", () => {
    const level = (n: number): string => `a${n + 1}: &a${n + 1} [${Array(9).fill(`*a${n}`).join(", ")}]`;
    const text = ["a0: &a0 [x, x]", ...Array.from({ length: 9 }, (_, n) => level(n))].join("\n");
    expect(messageFor(text)).toContain("the aliases of this file stand for far more values than it holds");
  });

  it("takes as long as the text is, and not minutes for a few hundred kilobytes", () => {
    const many = (line: (n: number) => string): string => Array.from({ length: 8_000 }, (_, n) => line(n)).join("");
    expect(
      parseYamlFile(
        "a.yaml",
        many((n) => `k${n}: &x${n} 1\n`),
      ).value,
    ).toHaveProperty("k7999", 1);
    expect(messageFor(`${many((n) => `k${n}: 1\n`)}k7: 2\n`)).toContain("a.yaml:8001:1");
    expect(messageFor(`x: &x 1\ny: [${many(() => "*x,")}]`)).toContain("far more values than it holds");
    expect(messageFor(many(() => "a: 1\n")).match(/stands twice/g)).toHaveLength(100);
    expect(messageFor(`version: 1\n${many((n) => `k${n}: 1\n`)}`).match(/unknown key/g)).toHaveLength(100);
  });

  it("speaks of the file and not of the parser", () => {
    expect(messageFor("version: 1\n---\nversion: 1\n")).toContain(
      "a second document begins here, and a file holds one",
    );
    expect(messageFor("version: 1\n? [a, b]\n: 1\n")).toContain("a key must be a plain text");
    expect(messageFor("version: 1\nlimits:\n\tsteps: 1\n")).toContain("a tab cannot indent YAML");
    expect(messageFor('version: "1"\n')).toContain('"version" must be 1 without quotes, not text');
    expect(messageFor("\n\n# nothing\n")).toMatch(/^a\.yaml:1:1 /);
  });
});

import { describe, expect, it } from "vitest";
import { UserFileError } from "../lib/errors.ts";
import { parseSelector } from "./parse-selector.ts";
import { printSelector } from "./print-selector.ts";

/** The rendered error of a selector that must not parse. */
function problemOf(text: string): string {
  try {
    parseSelector(text, "--select");
  } catch (error) {
    if (error instanceof UserFileError) return error.message;
    throw error;
  }
  throw new Error(`parsed: ${text}`);
}

/** The selector with every parenthesis written out. */
function shape(text: string): string {
  const node = parseSelector(text, "--select");
  const show = (at: typeof node): string => {
    if (at.kind === "and" || at.kind === "or")
      return `(${at.items.map(show).join(at.kind === "and" ? " && " : " || ")})`;
    return at.kind === "not" ? `!${show(at.item)}` : printSelector(at);
  };
  return show(node);
}

describe("parseSelector", () => {
  it.each([
    ["role:service", "role:service"],
    ["dirty", "dirty"],
    ["@ts.services", "@ts.services"],
    ["a:b || dirty".replace("a:b", "tag:a/b"), "(tag:a/b || dirty)"],
    ["dirty || ahead && behind", "(dirty || (ahead && behind))"],
    ["!dirty && ahead", "(!dirty && ahead)"],
    ["!(dirty && ahead)", "!(dirty && ahead)"],
    ["!!dirty", "!!dirty"],
    ["dirty && ahead && behind", "(dirty && ahead && behind)"],
    ["dirty && (ahead && behind)", "(dirty && (ahead && behind))"],
    ["  (dirty)\n&&\tahead ", "(dirty && ahead)"],
    ["dirty&&ahead||!behind", "((dirty && ahead) || !behind)"],
    ["changed:origin/main~3", "changed:origin/main~3"],
    ["changed:HEAD@{1}", "changed:HEAD@{1}"],
    ["has:a:b", "has:a:b"],
    ["name:a!b", "name:a!b"],
    ['has:"release notes, old.md"', 'has:"release notes, old.md"'],
    ["has:'a\"b'", String.raw`has:"a\"b"`],
  ])("reads %s", (text, expected) => {
    expect(shape(text)).toBe(expected);
  });

  it("keeps the place of each part", () => {
    const node = parseSelector("dirty && !tag:x", "--select");
    expect(node).toMatchObject({
      kind: "and",
      range: { start: 0, end: 15 },
      items: [
        { range: { start: 0, end: 5 } },
        { range: { start: 9, end: 15 }, item: { range: { start: 10, end: 15 } } },
      ],
    });
  });

  it.each([
    ["", "--select:1:1  the selector is empty"],
    ["   ", "--select:1:1  the selector is empty"],
    ["rol:service", '--select:1:1  unknown term "rol:"'],
    ["gateway", '--select:1:1  unknown term "gateway"'],
    ["auth-*", '--select:1:1  unknown term "auth-*"'],
    ["dirty and ahead", "--select:1:7  an operator is missing before this"],
    ["dirty && and", '--select:1:10  "and" is not an operator'],
    ["dirty & ahead", '--select:1:7  a single "&" means nothing here'],
    ["dirty | ahead", '--select:1:7  a single "|" means nothing here'],
    ["dirty, ahead", '--select:1:6  a "," means nothing here'],
    ["dirty ahead", "--select:1:7  an operator is missing before this"],
    ["dirty (ahead)", "--select:1:7  an operator is missing before this"],
    ["dirty &&", "--select:1:8  a term is missing at the end"],
    ["&& dirty", '--select:1:1  a term is missing before "&&"'],
    ["dirty && || ahead", '--select:1:10  a term is missing before "||"'],
    ["()", '--select:1:2  a term is missing before ")"'],
    ["(dirty", '--select:1:1  this "(" is not closed'],
    ["(dirty ahead)", "--select:1:8  an operator is missing before this"],
    ["dirty)", '--select:1:6  this ")" closes nothing'],
    ["dirty:yes", '--select:1:1  "dirty" takes no value'],
    ["role", '--select:1:1  "role" needs a value'],
    ["role:", '--select:1:1  the value of "role:" is empty'],
    ['role:""', '--select:1:1  the value of "role:" is empty'],
    [":x", "--select:1:1  a term is missing before the colon"],
    ["last:faild", '--select:1:6  "faild" is not a state'],
    ["has:../secret", '--select:1:5  "../secret" leaves the repository'],
    ["has:/etc/passwd", '--select:1:5  "/etc/passwd" leaves the repository'],
    ["has:*.sln", '--select:1:5  "has:" takes one path, without wildcards'],
    ["changed:--output=x", '--select:1:9  "--output=x" cannot be a ref'],
    ["changed:v1..v2", '--select:1:9  "changed:" takes one commit, not a range'],
    ['name:"a', "--select:1:6  the quoted text has no end"],
    ['"a"', "--select:1:1  a quoted text cannot stand alone"],
    ["@", '--select:1:1  a name is missing after "@"'],
    ["dirty &&\n  rol:x", '--select:2:3  unknown term "rol:"'],
    ['name:"a\u0007"', "--select:1:6  the value holds a control character"],
  ])("refuses %j", (text, head) => {
    expect(problemOf(text).split("\n")[0]).toBe(head);
  });

  it("shows the line, a caret and what was meant", () => {
    expect(problemOf("role:service && tgg:x")).toBe(
      [
        '--select:1:17  unknown term "tgg:"',
        "    1 | role:service && tgg:x",
        '      |                 ^^^ did you mean "tag"?',
      ].join("\n"),
    );
    expect(problemOf("gateway")).toContain('did you mean "name:gateway"?');
    expect(problemOf("auth-*")).toContain('did you mean "name:auth-*"?');
    expect(problemOf("dirty && or")).toContain('did you mean "||"?');
  });

  it.each([
    ["parentheses", `${"(".repeat(4_000)}dirty${")".repeat(4_000)}`],
    ["negations", `${"!".repeat(9_000)}dirty`],
    ["both", "!(".repeat(4_500)],
  ])("refuses thousands of nested %s without overflowing the stack", (_what, text) => {
    expect(problemOf(text)).toContain("nests deeper than 64");
  });

  it("takes a chain of a thousand terms, and refuses a text beyond its limit", () => {
    const chain = Array.from({ length: 1_000 }, () => "dirty").join("||");
    expect(parseSelector(chain, "--select").kind).toBe("or");
    expect(problemOf(`${chain}||${chain}`)).toContain("more than 10000");
  });
});

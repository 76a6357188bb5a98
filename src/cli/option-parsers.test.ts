import { InvalidArgumentError } from "commander";
import { describe, expect, it } from "vitest";
import { parseCount, parseDurationFlag, parseKeyValue, parseNonEmpty, parseWholeNumber } from "./option-parsers.ts";

describe("option parsers", () => {
  it.each<[(text: string) => unknown, string, unknown]>([
    [parseKeyValue, "a=b", { key: "a", value: "b" }],
    [parseKeyValue, "a=", { key: "a", value: "" }],
    [parseKeyValue, "a.b=c=d", { key: "a.b", value: "c=d" }],
    [parseCount, "6", 6],
    [parseWholeNumber, "0", 0],
    [parseDurationFlag, "5m", 300_000],
    [parseNonEmpty, "x", "x"],
  ])("%o reads %j", (parse, text, expected) => {
    expect(parse(text)).toEqual(expected);
  });

  it.each<[(text: string) => unknown, string]>([
    [parseKeyValue, "a"],
    [parseKeyValue, "=b"],
    [parseKeyValue, ""],
    [parseCount, "0"],
    [parseCount, "-1"],
    [parseCount, "1.5"],
    [parseCount, "1e3"],
    [parseCount, " 1"],
    [parseCount, "99999999999999999999"],
    [parseWholeNumber, "-0"],
    [parseDurationFlag, "5"],
    [parseDurationFlag, "0s"],
    [parseNonEmpty, " "],
  ])("%o refuses %j", (parse, text) => {
    expect(() => parse(text)).toThrow(InvalidArgumentError);
  });
});

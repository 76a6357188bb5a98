import { describe, expect, it } from "vitest";
import { didYouMean, nearest } from "./suggest.ts";

describe("nearest", () => {
  it.each([
    ["servce", ["service", "library"], "service"],
    ["prod", ["production", "development"], "production"],
    ["limits.timeuot", ["limits.timeout", "limits.grace"], "limits.timeout"],
    ["MAHAVISHNU_ENGIN", ["MAHAVISHNU_PROFILE", "MAHAVISHNU_ENGINE"], "MAHAVISHNU_ENGINE"],
    ["MAHAVISNU_ENGINE", ["MAHAVISHNU_PROFILE", "MAHAVISHNU_ENGINE"], "MAHAVISHNU_ENGINE"],
    ["fsat-uri", ["fast-uri", "fast-check"], "fast-uri"],
  ])("finds what %s was meant to be", (word, known, meant) => {
    expect(nearest(word, known)).toBe(meant);
  });

  it.each([
    ["MAHAVISHNU_BOGUS", ["MAHAVISHNU_ENGINE", "MAHAVISHNU_PROFILE", "MAHAVISHNU_STATE__URL"]],
    ["limits.steps", ["limits.grace", "limits.lease"]],
    ["bogus", ["service", "library"]],
    ["b", ["a", "c"]],
  ])("finds nothing near %s: the beginning that all have says nothing", (word, known) => {
    expect(nearest(word, known)).toBeUndefined();
    expect(didYouMean(word, known)).toBe(`known: ${known.join(", ")}`);
  });
});

import { expect, it } from "vitest";
import { whereWords } from "./where-words.ts";

it("names the workspace and the configuration as they are reached from here", () => {
  expect(whereWords({}, "/srv")).toBe("");
  expect(whereWords({ workspace: "/srv" }, "/srv")).toBe("");
  expect(whereWords({ workspace: "/srv/acme/demo" }, "/srv/acme")).toBe(" -C demo");
  expect(whereWords({ workspace: "/opt/x", config: "/srv/a b/c.yaml" }, "/srv")).toBe(
    " -C /opt/x --config 'a b/c.yaml'",
  );
  expect(whereWords({ workspace: "/srv/it's" }, "/srv")).toBe(" -C 'it'\\''s'");
});

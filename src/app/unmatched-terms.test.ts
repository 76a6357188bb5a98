import { describe, expect, it } from "vitest";
import type { Fleet, Repository } from "../repositories/types.ts";
import { explainUnmatched } from "./unmatched-terms.ts";

const places: readonly (readonly [name: string, path: string, tags: readonly string[]])[] = [
  ["gateway", "edge/gateway", ["lang/ts", "team/edge"]],
  ["ledger", "ledger", ["lang/java"]],
];
const repositories = places.map(([name, path, tags], index): Repository => ({
  name,
  index,
  path: `/fleet/${path}`,
  tags,
  needs: [],
  optional: false,
  env: {},
  place: { file: "repos.yaml", line: 1 },
}));
const fleet: Fleet = {
  file: "repos.yaml",
  root: "/fleet",
  repositories,
  byName: new Map(repositories.map((repository) => [repository.name, repository])),
  roles: new Map(),
  selectors: new Map([["web", "tag:nothing"]]),
  allowedRoots: [],
};

describe("explainUnmatched", () => {
  it.each<[string, string[]]>([
    ["name:gatway", ['name:gatway fits no repository; did you mean "gateway"?']],
    ["name:gatway || name:ledger", ['name:gatway fits no repository; did you mean "gateway"?']],
    ["path:edge/gatewy && dirty", ['path:edge/gatewy fits no repository; did you mean "edge/gateway"?']],
    ["tag:lng", ['tag:lng fits no repository; did you mean "lang"?']],
    ["tag:lang/tss", ['tag:lang/tss fits no repository; did you mean "lang/ts"?']],
    ["name:zzz-*", ["name:zzz-* fits no repository"]],
    ["name:a || (tag:b && path:c)", ["name:a", "tag:b", "path:c"].map((term) => `${term} fits no repository`)],
    ["name:gate* && tag:lang && path:edge/**", []],
    ["!tag:frozen", []],
    ["@web", []],
    ["name:gateway && name:ledger", []],
    ["name:", []],
  ])("%s", (text, told) => {
    expect(explainUnmatched(text, fleet, repositories)).toEqual(told);
  });

  it("tells nothing of what the reader may not see", () => {
    expect(explainUnmatched("name:gateway", fleet, repositories.slice(1))).toEqual(["name:gateway fits no repository"]);
    expect(explainUnmatched("name:gatway", fleet, repositories.slice(1))).toEqual(["name:gatway fits no repository"]);
  });
});

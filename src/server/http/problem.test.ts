import { describe, expect, it } from "vitest";
import { MahavishnuError } from "../../lib/errors.ts";
import { toProblem } from "./problem.ts";

describe("a failure as a problem", () => {
  it.each(["RUN_STATE", "RUN_OWNED", "RUN_OWNER_STALE", "RUN_LEFTOVERS", "SUITE_STATE", "KEY_TAKEN"] as const)(
    "%s is a conflict with what is there, and no fault of the server",
    (code) => {
      expect(toProblem(new MahavishnuError(code, "no"), "r").status).toBe(409);
    },
  );

  it("tells of what was not foreseen only that it happened", () => {
    const problem = toProblem(new Error("secret at /srv/fleet/x.ts:1"), "r1");
    expect(problem).toMatchObject({ status: 500, code: "INTERNAL", instance: "urn:uuid:r1", diagnostics: [] });
    expect(JSON.stringify(problem)).not.toMatch(/secret|srv|\.ts/);
  });
});

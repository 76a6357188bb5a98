import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readLocalPath } from "./local-path.ts";

const numRuns = Number(process.env["FUZZ_RUNS"] ?? 100);
const own = "https://ops.example.test";

describe("readLocalPath", () => {
  it.each([
    ["/", "/"],
    ["/v1/runs?limit=5#x", "/v1/runs?limit=5#x"],
    ["/a/../b", "/b"],
    ["/login-help", "/login-help"],
  ])("takes %s", (text, path) => {
    expect(readLocalPath(text)).toBe(path);
  });

  it.each([
    "",
    "a",
    "//a",
    "/\\a",
    "\\\\a",
    "/.//a",
    "/..//a",
    "/a b",
    "/\ta",
    "/%2e//a",
    "https://a",
    "/é",
    "/login?to=/login",
  ])("refuses %j", (text) => {
    expect(readLocalPath(text)).toBeNull();
  });

  it("never leads a browser elsewhere", () => {
    const piece = fc.oneof(
      fc.constantFrom(
        "/",
        "\\",
        ".",
        "..",
        "%2e",
        "%2f",
        "@",
        ":",
        "?",
        "#",
        "\t",
        "\n",
        " ",
        "evil.test",
        "http:",
        "javascript:",
      ),
      fc.string({ maxLength: 5 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const path = readLocalPath(`/${pieces.join("")}`);
        if (path === null) return;
        const url = new URL(path, `${own}/login/callback`);
        expect(url.origin).toBe(own);
        // What is read once reads the same again.
        expect(readLocalPath(path)).toBe(path);
      }),
      { numRuns },
    );
  });
});

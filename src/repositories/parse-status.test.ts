import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseStatus, type Status } from "./parse-status.ts";

const numRuns = Number(process.env["FUZZ_RUNS"] ?? 100);

/** Any path: all bytes but NUL. */
const anyPath = fc.uint8Array({ minLength: 1, maxLength: 12, min: 1 }).map((bytes) => Buffer.from(bytes));
const end = Buffer.from([0]);
const oid = "0123456789abcdef0123456789abcdef01234567";

const anyEntry: fc.Arbitrary<Buffer> = fc.oneof(
  anyPath.map((path) => Buffer.concat([Buffer.from(`1 .M N... 100644 100644 100644 ${oid} ${oid} `), path, end])),
  anyPath.map((path) =>
    Buffer.concat([Buffer.from(`u UU N... 100644 100644 100644 100644 ${oid} ${oid} ${oid} `), path, end]),
  ),
  anyPath.map((path) => Buffer.concat([Buffer.from("? "), path, end])),
  fc
    .tuple(anyPath, anyPath)
    .map(([now, before]) =>
      Buffer.concat([Buffer.from(`2 R. N... 100644 100644 100644 ${oid} ${oid} R100 `), now, end, before, end]),
    ),
);

describe("parseStatus", () => {
  it("counts entries with any bytes in their paths", () => {
    fc.assert(
      fc.property(fc.array(anyEntry, { maxLength: 20 }), fc.nat(99), fc.nat(99), (entries, ahead, behind) => {
        const header = `# branch.oid ${oid}\0# branch.head main\0# branch.upstream origin/main\0# branch.ab +${ahead} -${behind}\0`;
        expect(parseStatus(Buffer.concat([Buffer.from(header), ...entries]))).toEqual({
          head: oid,
          branch: "main",
          upstream: "origin/main",
          ahead,
          behind,
          changed: entries.length,
        } satisfies Status);
      }),
      { numRuns },
    );
  });

  it("reads any bytes without failing", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const { changed, ahead, behind } = parseStatus(Buffer.from(bytes));
        expect([changed, ahead, behind].every((count) => Number.isSafeInteger(count) && count >= 0)).toBe(true);
      }),
      { numRuns: numRuns * 3 },
    );
  });

  it("tells unborn, detached and a gone upstream", () => {
    const status = (text: string): Status => parseStatus(Buffer.from(text));
    expect(status("# branch.oid (initial)\0# branch.head main\0")).toMatchObject({ head: null, branch: "main" });
    expect(status(`# branch.oid ${oid}\0# branch.head (detached)\0`)).toMatchObject({
      head: oid,
      branch: null,
      upstream: null,
    });
    expect(status(`# branch.oid ${oid}\0# branch.head a b\0# branch.upstream o/gone\0`)).toMatchObject({
      branch: "a b",
      upstream: "o/gone",
      ahead: 0,
    });
  });
});

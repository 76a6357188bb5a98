import { rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { makeTemporaryFolder } from "./temporary-folder.ts";

afterEach(() => {
  vi.unstubAllEnvs();
});

describe("makeTemporaryFolder", () => {
  it("makes a folder that is nobody else's", () => {
    const folder = makeTemporaryFolder("mahavishnu-x-");
    expect(dirname(folder)).toBe(tmpdir());
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    rmSync(folder, { recursive: true });
  });

  it.each(["/nonexistent", "/dev/null"])("names the place %s, its variable and what to do", (place) => {
    vi.stubEnv("TMPDIR", place);
    expect(() => makeTemporaryFolder("x-")).toThrow(
      expect.objectContaining({
        code: "TEMPORARY_FOLDER",
        message: expect.stringContaining(`no temporary files can be made in ${place} (TMPDIR): `) as string,
        fix: expect.stringContaining("TMPDIR") as string,
      }) as Error,
    );
  });
});

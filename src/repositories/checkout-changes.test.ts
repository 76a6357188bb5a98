import { mkdirSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { git, makeFolder, makeRepository, writeFiles } from "../../test/support/git-fixture.ts";
import { diffCheckout, isCheckoutDirty } from "./checkout-changes.ts";

describe("diffCheckout", () => {
  it("shows what has changed and what is new, and leaves the index alone", async () => {
    using folder = makeFolder();
    const base = makeRepository(folder.path, { kept: "1\n" });
    expect([await isCheckoutDirty(folder.path), await diffCheckout(folder.path, base)]).toEqual([false, ""]);
    writeFiles(folder.path, { kept: "2\n", added: "new\n" });
    const diff = await diffCheckout(folder.path, base);
    expect(diff).toContain("-1\n+2\n");
    expect(diff).toContain("+++ b/added\n@@ -0,0 +1 @@\n+new\n");
    expect(await isCheckoutDirty(folder.path)).toBe(true);
    expect(git(folder.path, "diff", "--cached", "--name-only")).toBe("");
  });

  it("sees a change of the same length in the instant in which the index was written", async () => {
    using folder = makeFolder();
    const base = makeRepository(folder.path, { kept: "1\n" });
    // What cannot be set back is the time of the inode's change.
    git(folder.path, "config", "core.trustctime", "false");
    const instant = 1_700_000_000;
    utimesSync(join(folder.path, "kept"), instant, instant);
    git(folder.path, "update-index", "--refresh");
    writeFiles(folder.path, { kept: "2\n" });
    utimesSync(join(folder.path, "kept"), instant, instant);
    utimesSync(join(folder.path, ".git/index"), instant, instant);
    expect(await diffCheckout(folder.path, base)).toContain("-1\n+2\n");
  });

  it.each(["sha1", "sha256"])("compares a %s repository without commits with nothing", async (format) => {
    using folder = makeFolder();
    const path = join(folder.path, "empty");
    mkdirSync(path);
    git(path, "init", "--quiet", "--template=", `--object-format=${format}`);
    writeFiles(path, { first: "1\n" });
    expect(await diffCheckout(path, null)).toContain("+++ b/first\n@@ -0,0 +1 @@\n+1\n");
  });
});

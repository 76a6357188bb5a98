import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findPackageRoot } from "../lib/package-root.ts";
import { initWorkspace, secretPath } from "./init-workspace.ts";

const packageRoot = findPackageRoot();
let parent = "";
let folder = "";

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), "init-"));
  folder = join(parent, "fleet");
});

afterEach(async () => {
  await rm(parent, { recursive: true, force: true });
});

describe("initWorkspace", () => {
  it("makes the files of a workspace in a folder that did not exist", async () => {
    const { files } = await initWorkspace({ folder, packageRoot });
    expect(files.toSorted()).toEqual([
      ".gitignore",
      ".mahavishnu/secrets/auth",
      "mahavishnu.yaml",
      "repos.yaml",
      "workflows/survey.yaml",
    ]);
    for (const file of files) expect(existsSync(join(folder, file))).toBe(true);
    expect(await readFile(join(folder, ".gitignore"), "utf8")).toContain("\n.mahavishnu/\n");
  });

  it("makes a secret that is new each time, long enough and readable by the owner alone", async () => {
    await initWorkspace({ folder, packageRoot });
    await initWorkspace({ folder: join(parent, "other"), packageRoot });
    const [secret, other] = await Promise.all(
      [folder, join(parent, "other")].map(async (place) => await readFile(join(place, secretPath), "utf8")),
    );
    expect(secret).not.toBe(other);
    expect(secret?.trim().length).toBeGreaterThanOrEqual(32);
    expect((await stat(join(folder, secretPath))).mode & 0o777).toBe(0o600);
    expect((await stat(join(folder, ".mahavishnu"))).mode & 0o777).toBe(0o700);
    expect((await stat(join(folder, ".mahavishnu/secrets"))).mode & 0o777).toBe(0o700);
  });

  it.each(["mahavishnu.yaml", "repos.yaml", "workflows/survey.yaml", secretPath])(
    "overwrites nothing: with %s there, it makes no file at all",
    async (path) => {
      await mkdir(join(folder, path, ".."), { recursive: true });
      await writeFile(join(folder, path), "mine");
      await expect(initWorkspace({ folder, packageRoot })).rejects.toMatchObject({
        code: "WORKSPACE_EXISTS",
        message: expect.stringContaining(join(folder, path)) as string,
      });
      expect(await readFile(join(folder, path), "utf8")).toBe("mine");
      expect(await countFiles(folder)).toBe(1);
    },
  );

  it("adds the one line that a .gitignore lacks, and none to one that has it", async () => {
    await mkdir(folder);
    await writeFile(join(folder, ".gitignore"), "dist");
    await initWorkspace({ folder, packageRoot });
    expect(await readFile(join(folder, ".gitignore"), "utf8")).toMatch(/^dist\n#.*\n\.mahavishnu\/\n$/);

    const other = join(parent, "other");
    await mkdir(other);
    await writeFile(join(other, ".gitignore"), "/.mahavishnu\n");
    await initWorkspace({ folder: other, packageRoot });
    expect(await readFile(join(other, ".gitignore"), "utf8")).toBe("/.mahavishnu\n");
  });

  it("makes nothing when the .gitignore that is there lacks the line and cannot be written", async () => {
    await mkdir(folder);
    const ignore = join(folder, ".gitignore");
    // Root may write every file of a user, but not this one of the kernel.
    if (process.getuid?.() === 0) await symlink("/proc/version", ignore);
    else await writeFile(ignore, "dist\n", { mode: 0o444 });
    await expect(initWorkspace({ folder, packageRoot })).rejects.toMatchObject({
      code: "WORKSPACE_UNWRITABLE",
      message: expect.stringContaining(ignore) as string,
    });
    expect(await readdir(folder)).toEqual([".gitignore"]);
  });

  it("takes the line out of the .gitignore again when a file cannot be made", async () => {
    await mkdir(folder);
    await writeFile(join(folder, ".gitignore"), "dist");
    await writeFile(join(folder, "workflows"), "a file where a folder should be");
    await expect(initWorkspace({ folder, packageRoot })).rejects.toMatchObject({ code: "WORKSPACE_UNWRITABLE" });
    expect((await readdir(folder)).toSorted()).toEqual([".gitignore", "workflows"]);
    expect(await readFile(join(folder, ".gitignore"), "utf8")).toBe("dist");
  });

  it("leaves nothing behind when it cannot finish", async () => {
    await mkdir(folder);
    await writeFile(join(folder, ".mahavishnu"), "a file where the state folder should be");
    await expect(initWorkspace({ folder, packageRoot })).rejects.toMatchObject({ code: "WORKSPACE_UNWRITABLE" });
    expect(await readdir(folder)).toEqual([".mahavishnu"]);
  });
});

async function countFiles(place: string): Promise<number> {
  const entries = await readdir(place, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).length;
}

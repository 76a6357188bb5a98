import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { MahavishnuError } from "../lib/errors.ts";
import { findWorkspace, type WorkspaceRequest } from "./find-workspace.ts";
import { withWorkspace } from "./workspace-fixture.ts";

/** What is found, or the error and its fix; the temporary folder is called ROOT. */
function find(root: string, request: WorkspaceRequest): string {
  try {
    const { workspace, configFile } = findWorkspace(request);
    return `${workspace} ${configFile}`.replaceAll(root, "ROOT");
  } catch (error) {
    if (!(error instanceof MahavishnuError)) throw error;
    return `${error.code}: ${error.message} | ${error.fix}`.replaceAll(root, "ROOT");
  }
}

const found = "ROOT ROOT/mahavishnu.yaml";

describe("findWorkspace", () => {
  it("takes the nearest folder upwards", async () => {
    await withWorkspace({ "mahavishnu.yaml": "" }, async (root) => {
      await mkdir(join(root, "a/b"), { recursive: true });
      expect(find(root, { cwd: root })).toBe(found);
      expect(find(root, { cwd: join(root, "a/b") })).toBe(found);
      await writeFile(join(root, "a/mahavishnu.yaml"), "");
      expect(find(root, { cwd: join(root, "a/b") })).toBe("ROOT/a ROOT/a/mahavishnu.yaml");
    });
  });

  it("stops at a folder of that name, and at a link that leads nowhere: the workspace above is not meant", async () => {
    await withWorkspace({ "mahavishnu.yaml": "" }, async (root) => {
      await mkdir(join(root, "a/mahavishnu.yaml"), { recursive: true });
      await mkdir(join(root, "b"));
      await symlink("nowhere", join(root, "b/mahavishnu.yaml"));
      expect(find(root, { cwd: join(root, "a") })).toBe("ROOT/a ROOT/a/mahavishnu.yaml");
      expect(find(root, { cwd: join(root, "b") })).toBe("ROOT/b ROOT/b/mahavishnu.yaml");
    });
  });

  it("takes the folder of -C and no other", async () => {
    await withWorkspace({ "mahavishnu.yaml": "" }, async (root) => {
      await mkdir(join(root, "a"));
      expect(find(root, { cwd: join(root, "a"), directory: ".." })).toBe(found);
      expect(find(root, { cwd: "/", directory: root })).toBe(found);
      expect(find(root, { cwd: root, directory: "a" })).toBe(
        "WORKSPACE_NOT_FOUND: -C a: there is no mahavishnu.yaml in that folder | The nearest workspace is -C ROOT.",
      );
      expect(find(root, { cwd: root, directory: "none" })).toContain("-C none: there is no such folder");
      expect(find(root, { cwd: root, directory: "mahavishnu.yaml" })).toBe(
        "WORKSPACE_NOT_FOUND: -C mahavishnu.yaml is a file; -C takes the folder of a workspace | Use -C ROOT.",
      );
    });
  });

  it("takes the file of --config, in the workspace around, or in its own folder", async () => {
    await withWorkspace({ "other.yaml": "" }, async (root) => {
      await mkdir(join(root, "a"));
      expect(find(root, { cwd: join(root, "a"), configFile: "../other.yaml" })).toBe("ROOT ROOT/other.yaml");
      expect(find(root, { cwd: root, directory: "a", configFile: "other.yaml" })).toBe("ROOT/a ROOT/other.yaml");
      await writeFile(join(root, "a/mahavishnu.yaml"), "");
      expect(find(root, { cwd: join(root, "a"), configFile: "../other.yaml" })).toBe("ROOT/a ROOT/other.yaml");
      expect(find(root, { cwd: root, configFile: "none.yaml" })).toContain("--config none.yaml: there is no such file");
    });
  });

  it("says what is near when there is none", async () => {
    await withWorkspace({ "mahavishnu.yml": "" }, async (root) => {
      expect(find(root, { cwd: root })).toBe(
        "WORKSPACE_NOT_FOUND: there is no mahavishnu.yaml in ROOT or in a folder above it | " +
          "There is a mahavishnu.yml: the configuration must be called mahavishnu.yaml.",
      );
    });
  });
});

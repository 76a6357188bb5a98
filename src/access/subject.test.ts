import { spawnSync } from "node:child_process";
import { chmod, chown, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findLocalOwner, localSubject } from "./subject.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "subject-"));
});
afterEach(async () => {
  await chmod(folder, 0o700);
  await rm(folder, { recursive: true, force: true });
});

/** Asks as a user who is not root, for whom the rights of files mean something; null when that cannot be done here. */
async function askAsOther(state: string): Promise<string | null> {
  const isRoot = process.getuid?.() === 0;
  const other = isRoot ? { uid: 65_534, gid: 65_534 } : {};
  const above = [process.env["TMPDIR_OF_RUN"], process.env["TMPDIR"], folder];
  for (const path of isRoot ? above : []) await chmod(path ?? folder, 0o711);
  if (isRoot) await chown(state, 65_534, 65_534);
  const script = `
    const { findLocalOwner } = await import(${JSON.stringify(join(import.meta.dirname, "subject.ts"))});
    console.log(findLocalOwner(${JSON.stringify(state)}) === null ? "nobody" : "owner");`;
  const args = ["--input-type=module", "-e", script];
  const { stdout, status } = spawnSync(process.execPath, args, { ...other, encoding: "utf8", cwd: "/" });
  return status === 0 ? stdout.trim() : null;
}

describe("localSubject", () => {
  it("is the user of the operating system, whatever the environment says", () => {
    const before = process.env["USER"];
    process.env["USER"] = "admin";
    expect(localSubject()).toEqual({ name: `local:${userInfo().username}`, groups: [] });
    if (before === undefined) delete process.env["USER"];
    else process.env["USER"] = before;
  });
});

describe("findLocalOwner", () => {
  it("is the user who can write the state folder", async () => {
    const state = join(folder, ".mahavishnu");
    await mkdir(state, { mode: 0o700 });
    expect(findLocalOwner(state)).toBe(localSubject().name);
  });

  it("is the user who could make a state folder that is not there", () => {
    expect(findLocalOwner(join(folder, "not/there/.mahavishnu"))).toBe(localSubject().name);
  });

  it("is the user who could mend a state folder that is a file", async () => {
    await writeFile(join(folder, ".mahavishnu"), "");
    expect(findLocalOwner(join(folder, ".mahavishnu"))).toBe(localSubject().name);
  });

  it("is nobody here when the folder cannot be written", async () => {
    const state = join(folder, ".mahavishnu");
    await mkdir(state, { mode: 0o700 });
    const writable = await askAsOther(state);
    await chmod(state, 0o500);
    const answers = [writable, await askAsOther(state)];
    const unproved = answers.includes(null);
    if (unproved) process.emitWarning("not proved: another user cannot read this checkout");
    expect(answers).toEqual(unproved ? [null, null] : ["owner", "nobody"]);
  });
});

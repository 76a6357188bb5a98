import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** For tests: a temporary folder with some files in it, removed afterwards. */
export async function withWorkspace<T>(
  files: Readonly<Record<string, string>>,
  body: (workspace: string) => Promise<T>,
): Promise<T> {
  const workspace = await mkdtemp(join(tmpdir(), "config-"));
  try {
    for (const [name, text] of Object.entries(files)) await writeFile(join(workspace, name), text);
    return await body(workspace);
  } finally {
    await rm(workspace, { recursive: true, force: true });
  }
}

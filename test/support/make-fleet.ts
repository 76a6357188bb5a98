import { loadManifest } from "../../src/repositories/load-manifest.ts";
import type { Fleet } from "../../src/repositories/types.ts";
import { writeFiles } from "./git-fixture.ts";

/** Writes `repos.yaml` into a folder and loads it. */
export async function makeFleet(folder: string, lines: readonly string[]): Promise<Fleet> {
  writeFiles(folder, { "repos.yaml": ["version: 1", ...lines].join("\n") });
  return await loadManifest({ file: `${folder}/repos.yaml` });
}

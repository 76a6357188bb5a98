import { readdirSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import type { LoadedConfig } from "../../../config/load-config.ts";
import { readUserFile } from "../../../config/read-user-file.ts";
import type { CheckContext } from "../../context.ts";

/** A file that the user writes for this product. */
export interface ConfigFile {
  /** Absolute. */
  readonly path: string;
  /** As it is named in messages. */
  readonly shown: string;
  readonly text: string;
}

const maxBytes = 4 * 1024 * 1024;

/** Paths of the configuration, the manifest with its imports, the waivers and the workflows, each once. */
export async function listConfigFiles(context: CheckContext): Promise<readonly string[]> {
  const loaded = await context.config();
  const { repositories, waivers } = loaded.paths;
  // A manifest that is wrong is RPO005's to say; its own file is looked at all the same.
  const fleet = await context.fleet().catch(() => undefined);
  const imports = fleet?.repositories.map(({ place }) => resolve(context.workspace, place.file)) ?? [];
  return [
    ...new Set([
      ...loaded.files,
      repositories,
      ...imports,
      ...(waivers === undefined ? [] : [waivers]),
      ...listWorkflows(loaded),
    ]),
  ];
}

/** Their texts; what cannot be read is somebody else's finding. */
export async function readConfigFiles(context: CheckContext): Promise<readonly ConfigFile[]> {
  return (await listConfigFiles(context)).flatMap((path) => {
    const { text } = readUserFile(path, maxBytes);
    const inside = relative(context.workspace, path);
    return text === undefined ? [] : [{ path, shown: inside.startsWith("..") ? path : inside, text }];
  });
}

function listWorkflows({ paths }: LoadedConfig): readonly string[] {
  try {
    return readdirSync(paths.workflows)
      .filter((name) => /\.ya?ml$/.test(name))
      .map((name) => join(paths.workflows, name));
  } catch {
    return [];
  }
}

import { relative } from "node:path";

/** The global options that say which workspace is meant; paths are absolute. */
export interface Where {
  readonly url?: string;
  readonly workspace?: string;
  readonly config?: string;
}

/**
 * What a command that is there to be copied needs at its end to mean the same workspace; empty when it was found from here.
 *
 * @example
 * whereWords({ workspace: "/srv/acme/demo" }, "/srv/acme"); // " -C demo"
 */
export function whereWords({ url, workspace, config }: Where, cwd: string): string {
  const words = [
    ...(url === undefined ? [] : ["--url", url]),
    ...(workspace === undefined || workspace === cwd ? [] : ["-C", shorten(workspace, cwd)]),
    ...(config === undefined ? [] : ["--config", shorten(config, cwd)]),
  ];
  return words.map((word) => ` ${word}`).join("");
}

function shorten(path: string, cwd: string): string {
  const near = relative(cwd, path);
  const shown = near.startsWith("..") ? path : near;
  return /^[\w./@%+=:,-]+$/.test(shown) ? shown : `'${shown.replaceAll("'", "'\\''")}'`;
}

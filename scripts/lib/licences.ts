import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

interface BundledPackage {
  readonly folder: string;
  readonly name: string;
  readonly version: string;
  readonly licence: string;
}

/**
 * The text of THIRD-PARTY-LICENSES.txt: name, version, licence and full licence text of every package that has at
 * least one module in the bundle. Fails when a package names no licence: it may not be shipped then.
 */
export async function describeLicences(moduleIds: Iterable<string>): Promise<string> {
  const folders = new Set<string>();
  for (const id of moduleIds) {
    const match = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(id);
    if (match !== null) folders.add(match[0]);
  }
  const packages = await Promise.all([...folders].map(readPackage));
  packages.sort((a, b) => a.name.localeCompare(b.name, "en") || a.version.localeCompare(b.version, "en"));
  const sections = await Promise.all(packages.map(describe));
  const head = `Mahavishnu's files in this folder contain code of ${packages.length} packages, under their own licences:\n\n`;
  return head + sections.join(`\n${"-".repeat(80)}\n\n`);
}

async function readPackage(folder: string): Promise<BundledPackage> {
  const manifest = JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as Record<string, unknown>;
  const { name, version, license } = manifest;
  if (typeof name !== "string" || typeof version !== "string")
    throw new Error(`${folder}/package.json has no name or version`);
  if (typeof license !== "string") throw new Error(`${name} ${version} names no licence: it may not be bundled`);
  return { folder, name, version, licence: license };
}

async function describe({ folder, name, version, licence }: BundledPackage): Promise<string> {
  const files = (await readdir(folder)).filter((file) => /^(licen[cs]e|notice|copying)/i.test(file)).toSorted();
  const texts = await Promise.all(files.map(async (file) => readFile(join(folder, file), "utf8")));
  return `${name} ${version} (${licence})\n\n${texts.map((text) => text.trim()).join("\n\n")}\n`;
}

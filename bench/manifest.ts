/** Loading a manifest and selecting from it, against parsing the same YAML alone: `node bench/manifest.ts [REPOSITORIES] [PAIRS]`. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse, parseDocument } from "yaml";
import { loadManifest } from "../src/repositories/load-manifest.ts";
import { selectRepositories } from "../src/repositories/select-repositories.ts";
import { type BenchResult, measurePairs, median, ratios } from "./lib/bench-result.ts";
import { printResults } from "./lib/print-results.ts";

const bar = 3;
const selector = "@tsServices && !tag:frozen || dependents:repo-0007 && path:group-1/**";

/** A manifest as people write them: every entry has most keys, some in one line. */
function makeManifest(size: number): string {
  const entries = Array.from({ length: size }, (_, index) => {
    const name = `repo-${String(index).padStart(4, "0")}`;
    const needs = index < 10 ? "" : `    needs: [repo-${String(index - 10).padStart(4, "0")}]\n`;
    const tags = `[lang/${["ts", "go", "java"][index % 3]}, team/t${index % 25}${index % 40 === 0 ? ", frozen" : ""}]`;
    if (index % 5 === 0) return `  ${name}: { role: library, tags: ${tags} }\n`;
    return `  ${name}:\n    url: git@git.example.test:acme/${name}.git\n    path: group-${index % 20}/${name}\n    branch: main\n    role: service\n    tags: ${tags}\n${needs}`;
  });
  return `version: 1\nroles: { library: {}, service: { limits: { timeout: 30m } } }\nrepos:\n${entries.join("")}selectors:\n  tsServices: role:service && tag:lang/ts\n`;
}

/** Measures; `size` repositories. */
export async function run(size = 1_000, pairs = 15): Promise<BenchResult[]> {
  const folder = mkdtempSync(join(tmpdir(), "mahavishnu-bench-"));
  try {
    const file = join(folder, "repos.yaml");
    const text = makeManifest(size);
    writeFileSync(file, text);
    let picked = 0;
    const ours = async (): Promise<void> => {
      const fleet = await loadManifest({ file });
      picked = (await selectRepositories(fleet, selector)).repositories.length;
    };
    // Several pairs first: what is measured is the work, not how far the just-in-time compiler has come.
    await measurePairs(5, ours, () => void parse(text));
    const { a, b } = await measurePairs(pairs, ours, () => void parse(text));
    if (picked === 0 || picked === size)
      throw new Error(`the selector picked ${picked} of ${size}: nothing was measured`);
    const documents = await measurePairs(pairs, ours, () => void parseDocument(text).toJS());
    const figure = median(ratios(a, b));
    const other = median(ratios(documents.a, documents.b)).toFixed(2);
    const note = `${size} repositories, ${picked} picked: ${median(a).toFixed(1)} ms against ${median(b).toFixed(1)} ms; ${other} x of parseDocument().toJS()`;
    return [
      {
        name: "manifest: load and select",
        bar: `<= ${bar} x yaml.parse of the same text`,
        figure,
        unit: "x",
        ok: figure <= bar,
        samples: ratios(a, b),
        note,
      },
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (import.meta.main) printResults(await run(...process.argv.slice(2).map(Number)));

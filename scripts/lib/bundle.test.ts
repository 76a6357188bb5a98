import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join, relative } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startOtlpReceiver } from "../../test/support/otlp-receiver.ts";
import { bundle, type BuiltFile } from "./bundle.ts";
import { root } from "./root.ts";

let folder = "";
let files: readonly BuiltFile[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "mahavishnu-bundle-"));
  files = await bundle(join(folder, "dist"), { crashPoints: false });
  await cp(join(root, "package.json"), join(folder, "package.json"));
  await cp(join(root, "examples/workspace"), join(folder, "workspace"), { recursive: true });
  await writeFile(join(folder, "watch.mjs"), watch);
}, 120_000);

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** Prints the name of every file that is loaded, as the last thing on the standard error. */
const watch = `import { registerHooks } from "node:module";
const urls = [];
registerHooks({ load: (url, context, next) => (urls.push(url), next(url, context)) });
process.on("exit", () => process._rawDebug("loaded " + urls.join(" ")));
`;

/** The files of the build that a command really loads. */
async function loadedBy(...words: readonly string[]): Promise<readonly BuiltFile[]> {
  const args = ["--import", join(folder, "watch.mjs"), join(folder, "dist/main.js"), ...words];
  const { stderr } = await promisify(execFile)(process.execPath, args, { cwd: join(folder, "workspace") }).catch(
    (error: { readonly stderr: string }) => error,
  );
  const urls = /^loaded (.*)$/m.exec(stderr)?.[1]?.split(" ") ?? [];
  const names = new Set(urls.map((url) => basename(url)));
  return files.filter(({ name }) => names.has(basename(name)));
}

/** The packages and rooms that files hold. */
function contentsOf(loaded: readonly BuiltFile[]): Set<string> {
  const paths = loaded.flatMap(({ modules }) => modules).map((id) => relative(root, id));
  const parts = paths.filter((path) => path !== light).map((path) => path.split("/"));
  return new Set(
    parts.map(([top, first = "", second = ""]) => {
      if (top !== "node_modules") return `${top}/${first}`;
      return first.startsWith("@") ? `${first}/${second}` : first;
    }),
  );
}

/** What takes longer to load than all that check-config does, and the rooms that lead to it. */
const heavy =
  /^(?:src\/(?:engine|store|workflows|actions)|zod|fastify|kysely|execa|@opentelemetry\/.*|ajv|@actions\/.*|@secretlint\/.*|@zxcvbn-ts\/.*)$/;

/** Looks at a folder's rights and loads nothing; the rest of its room leads to the database. */
const light = "src/store/judge-place.ts";

describe("what a command loads", () => {
  it("of check-config is a handful of files without anything heavy", async () => {
    const loaded = await loadedBy("production", "check-config");
    const contents = contentsOf(loaded);
    // It has really run, and read the manifest.
    expect(contents).toContain("src/readiness");
    expect(contents).toContain("src/repositories");
    expect([...contents].filter((name) => heavy.test(name))).toEqual([]);
    expect(loaded.length).toBeLessThanOrEqual(6);
  });

  it.each([["--help"], ["--version"]])("of %s is the entry, and little else", async (word) => {
    const loaded = await loadedBy(word);
    // The bundler puts leaves that much else needs into a file of their own.
    const others = loaded.filter(({ name }) => name !== "main.js" && !name.includes("rolldown-runtime"));
    expect(others.length).toBeLessThanOrEqual(1);
    expect(others.flatMap(({ modules }) => modules).filter((id) => !id.includes("/src/lib/"))).toEqual([]);
    const packages = [...contentsOf(loaded)].filter((name) => /^[a-z-]+$/.test(name));
    expect(packages.toSorted()).toEqual(["commander", "fastest-levenshtein"]);
  });

  it("of OpenTelemetry's traces is nothing until a run is executed and traces are wanted", async () => {
    const traces = /\/src\/telemetry\/traces\/|\/@opentelemetry\/(?:sdk-trace|exporter-|otlp-)/;
    const workspace = join(folder, "once");
    await mkdir(join(workspace, "workflows"), { recursive: true });
    const parts = {
      "mahavishnu.yaml": "version: 1\nauth: { enabled: false }\n",
      "repos.yaml": "version: 1\nrepos: {}\n",
      "workflows/once.yaml": `version: 1\nname: once\njobs: { j: { steps: [{ id: s, run: touch ${workspace}/done }] } }\n`,
    };
    for (const [name, text] of Object.entries(parts)) await writeFile(join(workspace, name), text);
    const tracesOf = async (pair: string): Promise<string[]> => {
      const loaded = await loadedBy("--workspace", workspace, "--set", pair, "run", "once");
      // It has been executed; a second time it must be, too.
      await rm(join(workspace, "done"));
      const found = loaded.flatMap(({ modules }) => modules).filter((id) => traces.test(id));
      return found.map((id) => basename(id)).toSorted();
    };
    expect(await tracesOf("telemetry.traces.ratio=1")).toEqual([]);
    await using receiver = await startOtlpReceiver();
    // The SDK is in a thread, which loads one file of its own.
    const own = await tracesOf(`telemetry.traces.otlp=${receiver.endpoint}`);
    expect(own).toEqual(["call-spans.ts", "open-traces.ts", "run-spans.ts"]);
    const thread = files.filter(({ name }) => name === "trace-thread.js");
    expect(contentsOf(thread)).toContain("@opentelemetry/sdk-trace");
    expect(thread.flatMap(({ modules }) => modules).filter((id) => id.includes("/src/cli/"))).toEqual([]);
    // All of it is in the build, and works there.
    expect(receiver.spans.map(({ name }) => name)).toContain("run once");
  });
});

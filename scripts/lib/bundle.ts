import { basename, join } from "node:path";
import { rolldown } from "rolldown";
import { chunkGroups } from "./chunk-groups.ts";
import { lateStringWidth } from "./late-string-width.ts";
import { lightBuiltins } from "./light-builtins.ts";
import { root } from "./root.ts";

/** One file of a build. */
export interface BuiltFile {
  /** Below the build's folder. */
  readonly name: string;
  /** Ids (absolute paths) of the modules that are really in it. */
  readonly modules: readonly string[];
}

const threads = ["src/telemetry/traces/trace-thread.ts", "src/app/backup/backup-thread.ts"];

/** Bundles the CLI and all its dependencies into a folder. */
export async function bundle(folder: string, { crashPoints }: { readonly crashPoints: boolean }): Promise<BuiltFile[]> {
  const entry = await build(folder, { name: "main", file: "src/cli/main.ts", crashPoints });
  const built = [...entry];
  // A thread is one file and shares none with the entry: to load that would be to start the command once more.
  for (const file of threads) {
    built.push(...(await build(folder, { name: basename(file, ".ts"), file, crashPoints, isWhole: true })));
  }
  return built;
}

interface Program {
  readonly name: string;
  readonly file: string;
  readonly crashPoints: boolean;
  /** In one file. */
  readonly isWhole?: boolean;
}

async function build(folder: string, { name, file, crashPoints, isWhole = false }: Program): Promise<BuiltFile[]> {
  const bundler = await rolldown({
    // The entry exports nothing; what other files take from it may be added.
    preserveEntrySignatures: "allow-extension",
    input: { [name]: join(root, file) },
    cwd: root,
    platform: "node",
    tsconfig: join(root, "tsconfig.json"),
    // The form for Node is CommonJS, of which nothing can be left out; this one is made from the same source.
    resolve: { alias: { yaml: join(root, "node_modules/yaml/browser/dist/index.js") } },
    plugins: [lightBuiltins(), lateStringWidth()],
    transform: { target: "node24", define: { __CRASH_POINTS__: String(crashPoints) } },
    onLog(level, log, handle) {
      // A bare import that is left in the output would fail on the user's machine: the package has no dependencies.
      if (log.code === "UNRESOLVED_IMPORT") throw new Error(log.message);
      // What is loaded late in one command and at once in another is in a file with its group, which is meant so.
      if (log.code !== "INEFFECTIVE_DYNAMIC_IMPORT") handle(level, log);
    },
  });
  const { output } = await bundler.write({
    dir: folder,
    format: "esm",
    minify: true,
    entryFileNames: "[name].js",
    chunkFileNames: "chunks/[name]-[hash].js",
    codeSplitting: isWhole ? false : { groups: chunkGroups() },
  });
  await bundler.close();
  return output
    .filter((item) => item.type === "chunk")
    .map(({ fileName, modules }) => ({
      name: fileName,
      modules: Object.entries(modules).flatMap(([id, { renderedLength }]) => (renderedLength > 0 ? [id] : [])),
    }));
}

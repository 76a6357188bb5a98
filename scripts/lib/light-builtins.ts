import type { Plugin } from "rolldown";
import { parseSync } from "rolldown/utils";

/**
 * Functions of modules that take milliseconds to load and that most processes never call: the module is fetched at the
 * first call. Only functions that are called and nothing else: no classes, no values, nothing with properties of its own.
 */
const deferred: Readonly<Record<string, ReadonlySet<string>>> = {
  "node:child_process": new Set(["execFileSync", "spawn"]),
  "node:crypto": new Set(["createHash", "hash", "randomBytes", "randomUUID"]),
  "node:fs/promises": new Set(
    "access appendFile chmod copyFile cp glob lstat mkdir mkdtemp open opendir readdir readFile readlink realpath rename rm rmdir stat symlink unlink utimes writeFile".split(
      " ",
    ),
  ),
  "node:timers/promises": new Set(["setImmediate", "setTimeout"]),
  "node:util": new Set(["parseArgs", "stripVTControlCharacters", "styleText"]),
};

/**
 * Rewrites `import { join } from "node:path"` in the bundle to `process.getBuiltinModule`.
 *
 * An import of a module of Node makes a facade of it, for which every one of its exports is read; some are getters that load
 * further modules. That costs 7 to 10 ms of the 25 that Node itself takes to start, and `--help` has 15 in all.
 */
export function lightBuiltins(): Plugin {
  return {
    name: "light-builtins",
    transform: {
      filter: { id: /node_modules\/commander\/lib\/command\.js$/ },
      handler: (code) => ({ code: deferChildProcess(code) }),
    },
    renderChunk: (code) => ({ code: rewriteBuiltinImports(code) }),
  };
}

/**
 * The command line's parser imports `node:child_process` for commands that are programs of their own. There are none here, and
 * loading that module costs 2 ms, so it is fetched on use.
 *
 * @throws Error when the parser's source has changed, so that an update does not quietly lose this.
 */
export function deferChildProcess(code: string): string {
  const line = "import childProcess from 'node:child_process';";
  if (!code.includes(line)) throw new Error(`commander no longer has the line: ${line}`);
  const spawn = 'globalThis.process.getBuiltinModule("node:child_process").spawn(...words)';
  return code.replace(line, `const childProcess = { spawn: (...words) => ${spawn} };`);
}

/**
 * The same code with the imports of Node's own modules rewritten.
 *
 * @example
 * rewriteBuiltinImports('import fs from "node:fs";'); // 'const fs = globalThis.process.getBuiltinModule("node:fs");'
 */
export function rewriteBuiltinImports(code: string): string {
  let result = "";
  let copied = 0;
  for (const node of parseSync("chunk.js", code).program.body) {
    if (node.type !== "ImportDeclaration" || !node.source.value.startsWith("node:")) continue;
    result += code.slice(copied, node.start) + bindingsOf(node.source.value, node.specifiers);
    copied = node.end;
  }
  return result + code.slice(copied);
}

type Specifiers = Extract<
  ReturnType<typeof parseSync>["program"]["body"][number],
  { type: "ImportDeclaration" }
>["specifiers"];

function bindingsOf(source: string, specifiers: Specifiers): string {
  // `process` is at hand already; asking for it as a module would touch all its getters, the standard streams among them.
  const whole =
    source === "node:process" ? "globalThis.process" : `globalThis.process.getBuiltinModule(${JSON.stringify(source)})`;
  const named: string[] = [];
  const statements: string[] = [];
  for (const specifier of specifiers) {
    const local = specifier.local.name;
    const imported = specifier.type === "ImportSpecifier" ? nameOf(specifier.imported) : "default";
    if (imported === "default") statements.push(`const ${local} = ${whole};`);
    else if (deferred[source]?.has(imported) === true)
      statements.push(`const ${local} = (...words) => ${whole}.${imported}(...words);`);
    else named.push(`${JSON.stringify(imported)}: ${local}`);
  }
  if (named.length > 0) statements.push(`const { ${named.join(", ")} } = ${whole};`);
  return statements.join("");
}

function nameOf(node: { readonly type: string }): string {
  if ("name" in node) return String(node.name);
  return "value" in node ? String(node.value) : "default";
}

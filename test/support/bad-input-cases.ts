import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";

/** What stands in a workspace instead of what belongs there; null takes a file away, a function makes something else. */
export type Bad = Readonly<Record<string, string | Buffer | null | ((path: string) => void)>>;

/** One mistake, the command that meets it, and what it must say. */
export interface BadCase {
  readonly what: string;
  readonly argv: readonly string[];
  readonly code: number;
  /** Parts of the message: the place and the fix. */
  readonly says: readonly string[];
  readonly bad?: Bad;
  readonly env?: Readonly<Record<string, string>>;
}

const list = ["repos", "list"];
const deep = `version: 1\nrepos: ${"{a: ".repeat(5_000)}1${"}".repeat(5_000)}\n`;
const bomb = ["version: 1", "a0: &a0 [x, x]"]
  .concat(Array.from({ length: 9 }, (_, n) => `a${n + 1}: &a${n + 1} [${Array(9).fill(`*a${n}`).join(", ")}]`))
  .join("\n");
const step = (text: string): string => `version: 1\nname: hello\njobs: { greet: { sweep: {}, steps: [${text}] } }\n`;
const folderInstead = (path: string): void => mkdirSync(path);
const loopInstead = (path: string): void => symlinkSync(path, path);
const deviceInstead = (path: string): void => symlinkSync("/dev/zero", path);

export const configurationCases: readonly BadCase[] = [
  { what: "empty", bad: { "mahavishnu.yaml": "" }, argv: list, code: 1, says: ["mahavishnu.yaml:1:1", "is empty"] },
  {
    what: "binary",
    bad: { "mahavishnu.yaml": Buffer.from([0, 255, 1]) },
    argv: list,
    code: 1,
    says: ["not UTF-8 text"],
  },
  {
    what: "huge",
    bad: { "mahavishnu.yaml": "# x\n".repeat(400_000) },
    argv: list,
    code: 1,
    says: ["larger than 1MiB"],
  },
  {
    what: "tabs",
    bad: { "mahavishnu.yaml": "version: 1\nlimits:\n\tlease: 1s\n" },
    argv: list,
    code: 1,
    says: ["mahavishnu.yaml:3:1", "use spaces"],
  },
  {
    what: "a key twice",
    bad: { "mahavishnu.yaml": "version: 1\nversion: 1\n" },
    argv: list,
    code: 1,
    says: ["mahavishnu.yaml:2:1", "stands twice"],
  },
  {
    what: "a typo",
    bad: { "mahavishnu.yaml": "version: 1\nlimit: {}\n" },
    argv: list,
    code: 1,
    says: ["mahavishnu.yaml:2:1", 'did you mean "limits"?'],
  },
  {
    what: "a quoted version",
    bad: { "mahavishnu.yaml": 'version: "1"\n' },
    argv: list,
    code: 1,
    says: ['"version" must be 1 without quotes'],
  },
  {
    what: "not built",
    bad: { "mahavishnu.yaml": "version: 1\nengine: temporal\n" },
    argv: list,
    code: 1,
    says: ["mahavishnu.yaml:2:9", "not built yet"],
  },
  { what: "aliases that multiply", bad: { "mahavishnu.yaml": bomb }, argv: list, code: 1, says: ["far more values"] },
  {
    what: "two documents",
    bad: { "mahavishnu.yaml": "version: 1\n---\nversion: 1\n" },
    argv: list,
    code: 1,
    says: ["mahavishnu.yaml:2:1", "a second document"],
  },
  {
    what: "a folder",
    bad: { "mahavishnu.yaml": null, "mahavishnu.yaml/x": "" },
    argv: list,
    code: 1,
    says: ["it is a folder"],
  },
  { what: "a device", bad: { "mahavishnu.yaml": deviceInstead }, argv: list, code: 1, says: ["not a regular file"] },
  {
    what: "a link to itself",
    bad: { "mahavishnu.yaml": loopInstead },
    argv: list,
    code: 1,
    says: ["mahavishnu.yaml", "in a circle"],
  },
  {
    what: "a local file without version",
    bad: { "mahavishnu.local.yaml": "profile: development\n" },
    argv: list,
    code: 1,
    says: ["mahavishnu.local.yaml:1:1", "add `version: 1`"],
  },
  { what: "an unknown variable", env: { MAHAVISHNU_PROFIL: "x" }, argv: list, code: 1, says: ["MAHAVISHNU_PROFILE"] },
  {
    what: "a variable of the wrong type",
    env: { MAHAVISHNU_LIMITS__MAX_CONCURRENT_STEPS: "many" },
    argv: list,
    code: 1,
    says: ["environment:1:41", "a number"],
  },
  {
    what: "a server",
    env: { MAHAVISHNU_URL: "http://x" },
    argv: list,
    code: 64,
    says: ["http://x is not on this machine"],
  },
  {
    what: "a secret that is not there",
    bad: { "mahavishnu.yaml": "version: 1\nauth: { enabled: true, secret: '${env:NOPE}' }\n" },
    argv: ["run", "hello"],
    code: 1,
    says: ["mahavishnu.yaml:2:32", "set NOPE"],
  },
];

export const manifestCases: readonly BadCase[] = [
  {
    what: "missing",
    bad: { "repos.yaml": null },
    argv: list,
    code: 1,
    says: ["repos.yaml", "no such file", "mahavishnu init"],
  },
  {
    what: "nested too deeply",
    bad: { "repos.yaml": deep },
    argv: list,
    code: 1,
    says: ["repos.yaml:2:", "nest too deeply"],
  },
  {
    what: "a circle",
    bad: { "repos.yaml": "version: 1\nrepos: { a: { needs: [b] }, b: { needs: [a] } }\n" },
    argv: list,
    code: 1,
    says: ["a -> b -> a"],
  },
  {
    what: "an unknown role",
    bad: { "repos.yaml": "version: 1\nroles: { library: {} }\nrepos: { web: { role: libary } }\n" },
    argv: list,
    code: 1,
    says: ["repos.yaml:3:23", 'did you mean "library"?'],
  },
  {
    what: "a name that is a path",
    bad: { "repos.yaml": "version: 1\nrepos: { ../x: {} }\n" },
    argv: list,
    code: 1,
    says: ["repos.yaml:2:10"],
  },
  {
    what: "an import that is not there",
    bad: { "repos.yaml": "version: 1\nimport: [./nope.yaml]\n" },
    argv: list,
    code: 1,
    says: ["repos.yaml:2:10", "no such file"],
  },
  {
    what: "an import of itself",
    bad: { "repos.yaml": "version: 1\nimport: [./repos.yaml]\n" },
    argv: list,
    code: 1,
    says: ["imports form a circle"],
  },
  {
    what: "a URL that runs a command",
    bad: { "repos.yaml": "version: 1\nrepos: { web: { url: 'ext::sh' } }\n" },
    argv: list,
    code: 1,
    says: ["makes git run a command"],
  },
  {
    what: "a path that leaves the root",
    bad: { "repos.yaml": "version: 1\nrepos: { web: { path: ../.. } }\n" },
    argv: ["repos", "check"],
    code: 1,
    says: ["outside the allowed folders"],
  },
  {
    what: "very many mistakes",
    bad: {
      "repos.yaml": `version: 1\nrepos:\n${Array.from({ length: 99 }, (_, n) => `  r${n}: { rol: x }\n`).join("")}`,
    },
    argv: list,
    code: 1,
    says: ["... and 79 more; -v shows all"],
  },
];

export const workflowsCases: readonly BadCase[] = [
  { what: "no such workflow", argv: ["run", "helo"], code: 64, says: ['did you mean "hello"?'] },
  {
    what: "an unknown input",
    argv: ["run", "hello", "-i", "wrd=x"],
    code: 64,
    says: ["--input:1:1", 'did you mean "word"?'],
  },
  {
    what: "an expression that ends too early",
    bad: { "workflows/hello.yaml": step("{ run: 'echo ${{ inputs. }}' }") },
    argv: ["run", "hello"],
    code: 1,
    says: ["workflows/hello.yaml:3:", "ends too early"],
  },
  {
    what: "a value that carries shell syntax",
    bad: { "workflows/hello.yaml": step("{ run: 'echo ${{ run.actor }}' }") },
    argv: ["plan", "hello"],
    code: 1,
    says: ["workflows/hello.yaml:3:"],
  },
  {
    what: "an unknown action",
    bad: { "workflows/hello.yaml": step("{ uses: git/comit }") },
    argv: ["plan", "hello"],
    code: 1,
    says: ['did you mean "git/commit"?'],
  },
  {
    what: "a schedule",
    bad: {
      "workflows/hello.yaml": "version: 1\nname: hello\non: { schedule: [] }\njobs: { a: { steps: [{ run: x }] } }\n",
    },
    argv: ["plan", "hello"],
    code: 1,
    says: ["not built yet", "cron"],
  },
  {
    what: "a file instead of the folder",
    bad: { workflows: (path) => (rmSync(path, { recursive: true }), writeFileSync(path, "x")) },
    argv: ["workflows", "list"],
    code: 1,
    says: ["workflows: this is not a folder"],
  },
];

export const commandLineCases: readonly BadCase[] = [
  {
    what: "a selector that is not finished",
    argv: ["repos", "list", "-s", "tag:("],
    code: 64,
    says: ["--select:1:1", "tag:lang/ts"],
  },
  {
    what: "an endless selector",
    argv: ["repos", "list", "-s", "(".repeat(9_000)],
    code: 64,
    says: ["--select:1:65", "nests deeper"],
  },
  {
    what: "a selector that picks nothing",
    argv: ["exec", "-s", "name:nope", "--", "true"],
    code: 1,
    says: ["picks no repository"],
  },
  { what: "an unknown command", argv: ["help", "adapter"], code: 64, says: ['did you mean "adapters"?'] },
  {
    what: "help of a planned command",
    argv: ["help", "worker"],
    code: 64,
    says: ["`mahavishnu worker` is not built yet"],
  },
  { what: "an unknown format", argv: ["repos", "list", "-o", "yaml"], code: 64, says: ["text, json, ndjson"] },
  {
    what: "an unknown key of --set",
    argv: ["--set", "limits.leese=1s", ...list],
    code: 64,
    says: ["--set:1:1", "limits.lease"],
  },
  { what: "-C of a file", argv: ["-C", "repos.yaml", ...list], code: 64, says: ["-C takes the folder of a workspace"] },
  { what: "--config of a folder", argv: ["--config", "web", ...list], code: 64, says: ["that is a folder"] },
  { what: "an empty argument", argv: ["init", ""], code: 64, says: ["DIR must not be empty"] },
  { what: "an empty command", argv: ["exec", "--", ""], code: 64, says: ["COMMAND must not be empty"] },
  {
    what: "a time that no timer holds",
    argv: ["exec", "--timeout", "99999d", "--", "true"],
    code: 64,
    says: ["at most 24d"],
  },
  { what: "an unknown run", argv: ["runs", "show", "zzzz"], code: 64, says: ["mahavishnu runs list"] },
  { what: "a cursor of nobody", argv: ["runs", "list", "--cursor", "x"], code: 64, says: ["nextCursor"] },
  { what: "a scan of nothing", argv: ["repos", "scan", "nope"], code: 64, says: ["nope: there is no such folder"] },
  { what: "a scan of a file", argv: ["repos", "scan", "repos.yaml"], code: 64, says: ["is not a folder"] },
  {
    what: "a workspace below a file",
    argv: ["init", "repos.yaml/x"],
    code: 1,
    says: ["a part of this path is a file"],
  },
  { what: "a workspace in /proc", argv: ["init", "/proc/nope"], code: 1, says: ["/proc/nope"] },
  {
    what: "a report into no folder",
    argv: ["production", "check-config", "-o", "json=nope/x.json"],
    code: 64,
    says: ["there is no folder"],
  },
  { what: "control characters", argv: ["\u001B[31mrun"], code: 64, says: ["\\x1b[31mrun"] },
];

export const stateCases: readonly BadCase[] = [
  {
    what: "a text instead of the database",
    bad: { ".mahavishnu/state.db": "hello".repeat(5_000) },
    argv: ["run", "hello"],
    code: 1,
    says: ["is damaged", "move the state folder"],
  },
  {
    what: "a folder instead",
    bad: { ".mahavishnu/state.db": folderInstead },
    argv: ["runs", "list"],
    code: 1,
    says: ["state.db is a folder", "state.db aside"],
  },
  {
    what: "a file instead of the folder",
    bad: { ".mahavishnu": "x" },
    argv: ["exec", "--", "true"],
    code: 1,
    says: [".mahavishnu"],
  },
  {
    what: "a link that leads nowhere",
    bad: { ".mahavishnu": (path) => symlinkSync("nowhere/at/all", path) },
    argv: ["runs", "list"],
    code: 1,
    says: [".mahavishnu"],
  },
];

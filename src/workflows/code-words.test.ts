import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findCodeWords } from "./code-words.ts";

const runs = Number(process.env["FUZZ_RUNS"] ?? 100);
const x = "${{ inputs.x }}";

/** The words that hold an expression and are code. */
function codeIn(words: readonly string[]): string[] {
  return findCodeWords(words).flatMap(({ index }) => (words[index]?.includes("${{") === true ? [words[index]] : []));
}

describe("findCodeWords", () => {
  it.each<[string[], number[]]>([
    [["git", "commit", "-m", "x"], []],
    [["git", "-c", "user.name=x", "commit"], []],
    [["bash", "-c", "echo", "argument"], [2]],
    [["/usr/bin/env", "bash", "-euo", "pipefail", "-c", "echo"], [5]],
    [["sh", "-ec", "echo"], [2]],
    [["sh", "script.sh", "value"], []],
    [["node", "-e", "code"], [2]],
    [["node", "--eval", "code", "value"], [2]],
    [["python3.12", "-c", "code"], [2]],
    [["perl", "-pe", "code"], [2]],
    [["sudo", "-u", "me", "dash", "-c", "echo"], [5]],
  ])("gives the places in %j", (words, indexes) => {
    expect(findCodeWords(words).map(({ index }) => index)).toEqual(indexes);
  });

  it("names the program, and says whether a shell of this machine reads the code", () => {
    expect(findCodeWords(["/usr/bin/awk", x])).toEqual([{ index: 1, program: "awk", isShell: false }]);
    expect(findCodeWords(["npx", "-c", x])).toEqual([{ index: 2, program: "npx", isShell: true }]);
  });

  it.each<[...string[]][]>([
    [["ssh", "host", x]],
    [["ssh", "-p", "22", "-l", "me", "host", "echo", x]],
    [["ssh", "-tt", "-o", "BatchMode=yes", "host", "--", x]],
    [["ssh", "-o", `ProxyCommand=${x}`, "host"]],
    [["ssh", `-oProxyCommand=nc ${x}`, "host"]],
    [["ssh", "-o", x, "host"]],
    [["scp", "-o", `proxycommand ${x}`, "a", "b:"]],
    [["sshpass", "-e", "ssh", "host", x]],
    [["rsync", "-e", `ssh -p ${x}`, "a", "b:"]],
    [["rsync", `--rsh=${x}`, "a", "b:"]],
    [["su", "-c", x]],
    [["su", "-", "me", "--command", x]],
    [["su", `--command=${x}`, "me"]],
    [["runuser", "-u", "me", "-c", x]],
    [["script", "-qec", x, "/dev/null"]],
    [["flock", "file", "-c", x]],
    [["awk", x, "file"]],
    [["awk", "-F", ",", "-v", "a=1", `/${x}/ { print }`, "file"]],
    [["gawk", `--source=${x}`]],
    [["xargs", "-0", "awk", x]],
    [["sed", "-i", `s/a/${x}/`, "file"]],
    [["sed", "-n", "-e", x]],
    [["sed", `-es/a/${x}/`]],
    [["npm", "exec", "-c", x]],
    [["npm", "exec", "--package=a", `--call=${x}`]],
    [["npx", "-c", x]],
    [["npx", "--call", x]],
    [["pnpm", "exec", "-c", x]],
    [["find", ".", "-name", "*.ts", "-exec", "sh", "-c", x, ";"]],
    [["find", ".", "-exec", "awk", x, "{}", ";"]],
    [["git", "-c", `alias.x=!${x}`, "x"]],
    [["git", "-c", x, "status"]],
    [["git", "-C", "sub", "-c", `core.sshCommand=ssh ${x}`, "fetch"]],
    [["git", "-c", `diff.my driver.textconv=${x}`, "diff"]],
    [["git", "-c", `core.${x}=1`, "status"]],
    [["git", "clone", "--config", `core.fsmonitor=${x}`, "a"]],
    [["git", "clone", `--upload-pack=${x}`, "a"]],
    [["git", "rebase", "-x", x, "main"]],
    [["git", "submodule", "foreach", x]],
    [["git", "filter-branch", "--tree-filter", x]],
    [["bash", "-c", "-e", x]],
    [["bash", "-c", "--", x]],
    [["fish", `--command=${x}`]],
    [["env", "-S", x]],
    [["env", `-S${x}`]],
    [["docker", "exec", "box", "sh", "-lc", x]],
    [["watch", "-n", "2", x]],
    [["node", `--eval=${x}`]],
    [["node", "--import", x, "a.js"]],
    [["python3", `-c${x}`]],
    [["perl", `-Mstrict${x}`, "a.pl"]],
    [["ruby", "-ne", x]],
    [["php", `-r${x}`]],
    [["psql", "-c", `select ${x}`]],
    [["sqlite3", "a.db", x]],
    [["tar", "xf", "a.tar", `--to-command=${x}`]],
    [["pwsh", "-Command", x]],
  ])("finds what is code in %j", (words) => {
    expect(codeIn(words)).toEqual(words.filter((word) => word.includes("${{")));
  });

  it.each<[...string[]][]>([
    [["git", "commit", "-m", x]],
    [["git", "commit", "-c", x]],
    [["git", "switch", "-c", x]],
    [["git", "-c", `user.name=${x}`, "-c", `user.email=${x}`, "commit", "-m", x]],
    [["git", "-C", x, "status"]],
    [["git", "clone", "-c", `user.name=${x}`, "--depth", "1", x]],
    [["ssh", "-p", x, "-i", x, "-o", `User=${x}`, x, "uptime"]],
    [["scp", x, `host:${x}`]],
    [["su", x]],
    [["awk", "-v", `a=${x}`, "-v", x, "{ print a }", x]],
    [["awk", "-f", "a.awk", x]],
    [["sed", "-e", "s/a/b/", x]],
    [["sed", "-f", "a.sed", x]],
    [["sed", "-i", "s/a/b/", x]],
    [["grep", x, x]],
    [["npm", "install", x]],
    [["npm", "run", "watch", "--", x]],
    [["npm", "pkg", "set", `description=${x}`]],
    [["npx", "tool", x]],
    [["find", x, "-name", x, "-exec", "sh", "-c", 'echo "$1"', "_", x, ";"]],
    [["env", `A=${x}`, "printenv"]],
    [["node", "script.js", x]],
    [["python3", "-m", "http.server", x]],
    [["perl", "-pi", "-e", "s/a/b/", x]],
    [["tar", "-cf", x, x]],
    [["echo", "ssh", "host", x]],
    [["sh", "-c", 'echo "$1"', "_", x]],
  ])("leaves what is data alone in %j", (words) => {
    expect(codeIn(words)).toEqual([]);
  });

  it("is not led astray by any words", () => {
    const word = fc.oneof(
      fc.constantFrom(
        "git",
        "-c",
        "sh",
        "ssh",
        "-o",
        "--",
        "awk",
        "-f",
        "env",
        "-S",
        "clone",
        "npm",
        "exec",
        x,
        `a=${x}`,
        "",
      ),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 12 }), (words) => {
        const indexes = findCodeWords(words).map(({ index }) => index);
        expect(indexes).toEqual([...new Set(indexes)].toSorted((a, b) => a - b));
        expect(indexes.every((index) => index > 0 && index < words.length)).toBe(true);
        expect(findCodeWords(["env", ...words]).map(({ index }) => index - 1)).toEqual(expect.arrayContaining(indexes));
      }),
      { numRuns: runs * 5 },
    );
  });

  it.each<[...string[]][]>([
    [["bash", "-c", "--", "touch made"]],
    [["bash", "-c", "-e", "touch made"]],
    [["env", "-S", "touch made"]],
    [["awk", 'BEGIN { system("touch made") }']],
    [["sed", "-n", "1e touch made", "/etc/passwd"]],
    [["perl", "-Mstrict;system('touch made')", "-e", "1"]],
    [["git", "-c", "alias.x=!touch made", "x"]],
    [["find", ".", "-maxdepth", "0", "-exec", "sh", "-c", "touch made", ";"]],
    [["flock", "lock", "-c", "touch made"]],
  ])("knows what the machine does: %j", (words) => {
    const folder = mkdtempSync(join(tmpdir(), "code-words-"));
    try {
      const [file = "", ...args] = words;
      const { status } = spawnSync(file, args, { cwd: folder, stdio: "ignore" });
      // What this machine lacks, or knows in another form, cannot be shown on it.
      expect(status !== 0 || readdirSync(folder).includes("made")).toBe(true);
      const code = findCodeWords(words).map(({ index }) => words[index]);
      expect(code.some((word) => word?.includes("touch made"))).toBe(true);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

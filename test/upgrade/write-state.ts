/**
 * Writes a state folder with a released version, for the tests of later ones: runs that succeeded, failed and were killed in the
 * middle of a step, one that waits for a server, a token and a trail. Called once for each release:
 *
 *   node test/upgrade/write-state.ts PATH/TO/bin/mahavishnu.js test/upgrade/state-0.1.0.tar.gz
 */
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

const [cli, archive] = process.argv.slice(2);
if (cli === undefined || archive === undefined) throw new Error("give the command of the release and the archive");
const workspace = mkdtempSync(join(tmpdir(), "upgrade-"));
const env = { ...process.env, AUTH: "a secret of forty characters, never used" };

function call(...args: string[]): void {
  const { status, stderr } = spawnSync(process.execPath, [resolve(cli as string), ...args], { cwd: workspace, env });
  process.stdout.write(`${args.join(" ")}: ${status}\n${stderr.toString().slice(0, 300)}`);
}

mkdirSync(join(workspace, "workflows"));
writeFileSync(
  join(workspace, "mahavishnu.yaml"),
  "version: 1\nauth: { secret: '${env:AUTH}' }\nlimits: { lease: 2s, heartbeat: 500ms }\n",
);
writeFileSync(join(workspace, "repos.yaml"), "version: 1\nrepos: {}\n");
const workflow = (name: string, steps: string): void => {
  const text = `version: 1\nname: ${name}\njobs:\n  work:\n    steps:\n${steps}`;
  writeFileSync(join(workspace, "workflows", `${name}.yaml`), text);
};
workflow("good", "      - { id: greet, run: echo hello }\n");
workflow("bad", "      - { id: fail, run: 'echo no >&2; exit 3' }\n");
workflow(
  "slow",
  "      - { id: first, run: echo first }\n      - { id: second, run: 'if [ -e waited ]; then echo second; else touch begun; sleep 60; fi' }\n".replaceAll(
    "begun",
    "$PWD/begun",
  ),
);
call("run", "good");
call("run", "good");
call("run", "bad");
call("run", "good", "--detach");
call("token", "create", "--subject", "user:dana", "--role", "viewer", "--expires", "30d");
const slow = spawn(process.execPath, [resolve(cli), "run", "slow"], {
  cwd: workspace,
  env,
  detached: true,
  stdio: "ignore",
});
const begun = (): boolean => spawnSync("find", [workspace, "-name", "begun"]).stdout.toString().trim() !== "";
while (!begun()) await delay(50);
process.kill(-(slow.pid as number), "SIGKILL");
await delay(200);
call("runs", "list");
const { DatabaseSync } = await import("node:sqlite");
const db = new DatabaseSync(join(workspace, ".mahavishnu", "state.db"));
db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
process.stdout.write(`schema ${JSON.stringify(db.prepare("PRAGMA user_version").get())}\n`);
db.close();
if (!existsSync(join(workspace, ".mahavishnu"))) throw new Error("there is no state");
execFileSync("tar", ["--owner=0", "--group=0", "-czf", resolve(archive), "-C", workspace, "."]);
rmSync(workspace, { recursive: true });

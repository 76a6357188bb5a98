import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { identifyProcess } from "../lib/process-identity.ts";
import type { AttemptMark } from "./attempt-names.ts";
import type { Command } from "./command-code.ts";
import { endLeftovers, survivorsOf } from "./end-processes.ts";
import { lives, until } from "./engine-fixture.ts";
import { Ending } from "./ending.ts";
import { Interruption } from "./interruption.ts";
import { Launchers } from "./launchers.ts";
import { type PreparedCommand, prepareCommand, type ProcessEnd } from "./run-process.ts";

const cancel = new Interruption("cancel", "by hand");
let folder: string;
let marks = 0;
beforeEach(() => void (folder = mkdtempSync(join(realpathSync(tmpdir()), "p-"))));
afterEach(async () => {
  await launchers.end();
  rmSync(folder, { recursive: true, force: true });
});

const inherited = { PATH: process.env["PATH"] ?? "", TMPDIR: process.env["TMPDIR"] ?? "" };
let launchers: Launchers;

const sh = (script: string): Command => ({ shell: ["/bin/sh", "-e", "-c"], script });
const read = (name: string): string => (existsSync(join(folder, name)) ? readFileSync(join(folder, name), "utf8") : "");
const pidIn = (name: string): number => Number(read(name));

function newMark(): AttemptMark {
  marks += 1;
  return { idempotencyKey: `run${process.pid}/j/s${marks}`, outputsFile: `j/once/s.${marks}.outputs` };
}

function envOf(mark: AttemptMark): Record<string, string> {
  return {
    MAHAVISHNU_IDEMPOTENCY_KEY: mark.idempotencyKey,
    MAHAVISHNU_OUTPUT: join(folder, mark.outputsFile),
  };
}

function start(command: Command, mark = newMark()): Promise<PreparedCommand> {
  return prepareCommand(launchers, { command, folder, env: envOf(mark), mark });
}

interface Running {
  readonly end: Ending;
  readonly hurry: Ending;
  readonly ended: Promise<ProcessEnd & { readonly output: string }>;
}

function run(prepared: PreparedCommand, graceMs = 5_000): Running {
  const [end, hurry] = [new Ending(), new Ending()];
  let output = "";
  const ended = prepared.run({
    onOutput: (chunk) => void (output += chunk.toString()),
    ending: { end, hurry, graceMs },
  });
  return { end, hurry, ended: ended.then((result) => ({ ...result, output })) };
}

const runToEnd = async (command: Command): Promise<ProcessEnd & { readonly output: string }> =>
  await run(await start(command)).ended;

// Systems without pipes that can be opened again lend a socket to each command.
const kinds = [
  ["a pipe", process.platform === "linux" ? undefined : () => Promise.resolve(null)],
  ["a socket", () => Promise.resolve(null)],
] as const;

describe.each(kinds)("with %s for each command", (_, makePipes) => {
  beforeEach(() => void (launchers = new Launchers(inherited, makePipes)));

  describe("prepareCommand", () => {
    it("does nothing before it is run; its process is used again", async () => {
      const prepared = await start(sh("touch begun"));
      expect(prepared.record).toEqual(identifyProcess(prepared.record.pid));
      await prepared.discard();
      const next = await start(sh("touch begun-2"));
      expect(next.record).toEqual(prepared.record);
      expect(await run(next).ended).toMatchObject({ exitCode: 0 });
      expect([existsSync(join(folder, "begun")), existsSync(join(folder, "begun-2"))]).toEqual([false, true]);
      await launchers.end();
      expect(lives(next.record.pid)).toBe(false);
    });

    it("does nothing when it must end before it began", async () => {
      const prepared = await start(sh("touch begun"));
      const end = new Ending();
      end.end(cancel);
      const result = await prepared.run({
        onOutput: () => undefined,
        ending: { end, hurry: new Ending(), graceMs: 5_000 },
      });
      expect(result).toMatchObject({ interruption: cancel, exitCode: null });
      expect(existsSync(join(folder, "begun"))).toBe(false);
    });

    it("does nothing when this process dies before", async () => {
      const script = `
      import { Launchers } from ${JSON.stringify(join(import.meta.dirname, "launchers.ts"))};
      import { prepareCommand } from ${JSON.stringify(join(import.meta.dirname, "run-process.ts"))};
      const launchers = new Launchers(process.env);
      const mark = { idempotencyKey: "k", outputsFile: "o" };
      const command = { shell: ["/bin/sh", "-c"], script: "touch begun" };
      const { record } = await prepareCommand(launchers, { command, folder: ${JSON.stringify(folder)}, env: {}, mark });
      console.log(record.pid);
      setInterval(() => {}, 1000);`;
      const owner = spawn(process.execPath, ["--input-type=module", "-e", script], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      const pid = await new Promise<number>((resolve) =>
        owner.stdout.once("data", (text: Buffer) => resolve(Number(text))),
      );
      expect(lives(pid)).toBe(true);
      owner.kill("SIGKILL");
      await until(() => !lives(pid), "its process to end");
      expect(existsSync(join(folder, "begun"))).toBe(false);
    });

    it("hands words on as they are, and scripts to their shell", async () => {
      const words = ["printf", "<%s>", "a b", "$HOME", "it's", '"', "", "-n", "ü"];
      expect(await runToEnd({ words })).toMatchObject({ exitCode: 0, output: "<a b><$HOME><it's><\"><><-n><ü>" });
      expect(await runToEnd(sh("echo one; false; echo two"))).toMatchObject({ exitCode: 1, output: "one\n" });
      const bash: Command = {
        shell: ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c"],
        script: "a=(x y); echo ${a[1]}; false | true",
      };
      expect(await runToEnd(bash)).toMatchObject({ exitCode: 1, output: "y\n" });
    });

    it("gives the command an empty standard input, its folder, its environment and nothing else", async () => {
      const seen =
        "cat; pwd; env | grep -cE 'MAHAVISHNU_ENDED|OLDPWD' || true; for n in 3 4 5 6 7 8 9; do (: >&$n) 2>/dev/null && echo $n || true; done";
      expect((await runToEnd(sh(seen))).output).toBe(`${folder}\n0\n`);
      expect((await runToEnd({ words: ["sh", "-c", seen] })).output).toBe(`${folder}\n0\n`);
      const mark = newMark();
      const env = {
        ...envOf(mark),
        A: 'it\'s\n$HOME `x` "y"',
        "no-variable": "1",
        UID: "7",
        IFS: "x",
        PATH: "/bin:/usr/bin",
      };
      const prepared = await prepareCommand(launchers, { command: { words: ["env", "-0"] }, folder, env, mark });
      const lines = (await run(prepared).ended).output.split("\0");
      expect(lines).toEqual(expect.arrayContaining(Object.entries(env).map(([name, value]) => `${name}=${value}`)));
    });

    it("hands on any words, folder and environment", async () => {
      const text = fc.string({ unit: "grapheme", maxLength: 20 }).filter((value) => !value.includes("\0"));
      await fc.assert(
        fc.asyncProperty(fc.array(text, { maxLength: 4 }), text, async (words, value) => {
          const mark = newMark();
          const command: Command = { words: ["sh", "-c", 'printf "%s|" "$VALUE" "$@"', "sh", ...words] };
          const prepared = await prepareCommand(launchers, {
            command,
            folder,
            env: { ...envOf(mark), VALUE: value },
            mark,
          });
          const { output } = await run(prepared).ended;
          expect(output).toBe([value, ...(words.length === 0 ? [] : words)].map((each) => `${each}|`).join(""));
        }),
        { numRuns: Number(process.env["FUZZ_RUNS"] ?? 100) / 2 },
      );
    });

    it("counts the lines of a script from its first", async () => {
      const { output } = await runToEnd(sh("true\nno-such-command"));
      expect(output).toMatch(/2: no-such-command: not found/);
    });

    it("takes exit codes as they are: 127 for what does not exist, null for a signal from outside", async () => {
      expect(await runToEnd(sh("exit 42"))).toMatchObject({
        exitCode: 42,
        signal: null,
        interruption: null,
        leftBehind: false,
      });
      expect(await runToEnd({ words: ["/no/such/command"] })).toMatchObject({ exitCode: 127 });
      expect(await runToEnd(sh("kill -KILL $$"))).toMatchObject({ exitCode: null, signal: "SIGKILL" });
      expect(await runToEnd({ words: ["git", "rev-parse", "--no-such"] })).toMatchObject({ exitCode: 128 });
      expect(await runToEnd(sh("exit 129"))).toMatchObject({ exitCode: 129, signal: null });
    });

    it("says what cannot be started", async () => {
      const good = { command: sh("true"), env: {}, mark: newMark(), folder };
      await expect(prepareCommand(launchers, { ...good, folder: join(folder, "gone") })).rejects.toThrow(
        `there is no folder ${folder}/gone`,
      );
      writeFileSync(join(folder, "file"), "");
      await expect(prepareCommand(launchers, { ...good, folder: join(folder, "file") })).rejects.toThrow(
        "file is a file, where a folder should be",
      );
      await expect(prepareCommand(launchers, { ...good, env: { X: "a\0b" } })).rejects.toThrow("null bytes");
      await expect(new Launchers({ X: "a\0b" }).take()).rejects.toThrow("null bytes");
    });

    it("starts many commands in few processes, one after the other, and does without one that has died", async () => {
      const pids: number[] = [];
      for (let n = 0; n < 20; n += 1) {
        const prepared = await start(sh(`echo out-${n}; echo err-${n} >&2; exit ${n}`));
        expect(await run(prepared).ended).toMatchObject({ exitCode: n, output: `out-${n}\nerr-${n}\n` });
        pids.push(prepared.record.pid);
      }
      expect(new Set(pids).size).toBe(makePipes === undefined ? 1 : 3);
      process.kill(pids.at(-1) ?? 0, "SIGKILL");
      await until(() => !lives(pids.at(-1) ?? 0), "the process to end");
      await delay(50);
      expect(await runToEnd(sh("echo again"))).toMatchObject({ exitCode: 0, output: "again\n" });
    });

    it("loses no output, however much of it comes at the end", async () => {
      const { output, exitCode } = await runToEnd(sh("seq 1 200000; echo end >&2"));
      expect(exitCode).toBe(0);
      expect(output.split("\n").filter((line) => line !== "end")).toHaveLength(200_001);
      expect(output).toContain("end\n");
    });

    it("loses no output while this process is busy", async () => {
      const running = run(await start(sh("seq 1 5000; touch written")));
      await until(() => existsSync(join(folder, "written")), "the command to end");
      const busyUntil = Date.now() + 400;
      while (Date.now() < busyUntil);
      expect((await running.ended).output.split("\n")).toHaveLength(5_001);
    });
  });

  describe("a command that must end", () => {
    it("ends with its whole tree: children, one that ignores TERM, and one in a session of its own", async () => {
      const prepared = await start(
        sh(`
        (trap '' TERM; sh -c 'echo $$ > stubborn; while :; do sleep 0.05; done') &
        setsid sh -c 'echo $$ > escaped; exec sleep 300' &
        sh -c 'echo $$ > child; exec sleep 300' &
        wait`),
      );
      const { end, ended } = run(prepared, 200);
      await until(() => [pidIn("stubborn"), pidIn("escaped"), pidIn("child")].every((pid) => pid > 0), "all children");
      const pids = [prepared.record.pid, pidIn("stubborn"), pidIn("escaped"), pidIn("child")];
      expect(pids.map(lives)).toEqual([true, true, true, true]);
      end.end(cancel);
      expect(await ended).toMatchObject({ interruption: cancel, survivors: [], leftBehind: false });
      expect(pids.map(lives)).toEqual([false, false, false, false]);
    });

    it("may end in its own way within the grace", async () => {
      const { end, ended } = run(
        await start(sh("trap 'echo cleaned; exit 7' TERM; touch ready; while :; do sleep 0.02; done")),
        10_000,
      );
      await until(() => existsSync(join(folder, "ready")), "the trap");
      end.end(cancel);
      expect(await ended).toMatchObject({
        exitCode: 7,
        output: expect.stringContaining("cleaned\n") as string,
        interruption: cancel,
      });
    });

    it("is killed at once when somebody hurries", async () => {
      const { end, hurry, ended } = run(
        await start(sh("trap '' TERM; touch ready; while :; do sleep 0.02; done")),
        60_000,
      );
      await until(() => existsSync(join(folder, "ready")), "the trap");
      end.end(cancel);
      hurry.end(cancel);
      expect(await ended).toMatchObject({ signal: "SIGKILL" });
    });

    it("is killed although it was stopped", async () => {
      const prepared = await start(sh("echo $$ > stopped; kill -STOP $$"));
      const { end, ended } = run(prepared, 100);
      await until(() => pidIn("stopped") > 0 && isStopped(pidIn("stopped")), "the command to stop");
      end.end(cancel);
      expect(await ended).toMatchObject({ signal: "SIGKILL", survivors: [] });
    });
  });

  describe("a command that has ended", () => {
    it("leaves no process of its group running, and says so", async () => {
      const result = await runToEnd(sh("sleep 300 & echo $! > left; echo done"));
      expect(result).toMatchObject({ exitCode: 0, leftBehind: true, output: "done\n" });
      expect(lives(pidIn("left"))).toBe(false);
    });

    it("leaves none of its group that writes nowhere, once its process is given up", async () => {
      expect(await runToEnd(sh("sleep 300 >/dev/null 2>&1 & echo $! > left"))).toMatchObject({ exitCode: 0 });
      await launchers.end();
      await until(() => !lives(pidIn("left")), "what was left to end");
    });

    it("leaves none that holds its output, in whatever session, and however much it writes", async () => {
      const result = await runToEnd(
        sh("setsid sh -c 'echo $$ > left; while :; do echo more; sleep 0.01; done' & until test -s left; do :; done"),
      );
      expect(result).toMatchObject({ exitCode: 0, leftBehind: true });
      expect(lives(pidIn("left"))).toBe(false);
    });

    it("does not wait for children that end with it", async () => {
      expect(await runToEnd(sh("sleep 0.05 & true"))).toMatchObject({ exitCode: 0, leftBehind: false });
    });
  });

  describe("endLeftovers", () => {
    const left: Promise<ProcessEnd>[] = [];
    afterEach(async () => void (await Promise.all(left.splice(0))));

    /** A command whose owner is gone: nobody waits for it. */
    async function leave(script: string, mark: AttemptMark): Promise<PreparedCommand> {
      const prepared = await start(sh(script), mark);
      left.push(run(prepared).ended);
      return prepared;
    }

    it("ends the recorded process with its tree", async () => {
      const mark = newMark();
      const { record } = await leave("sh -c 'echo $$ > child; sleep 300'", mark);
      await until(() => pidIn("child") > 0, "the child");
      expect(await endLeftovers([record], mark, 100)).toEqual([]);
      expect([record.pid, pidIn("child")].map(lives)).toEqual([false, false]);
    });

    it("ends members of the group and processes that left it after the first process has gone", async () => {
      const mark = newMark();
      const escape = "setsid sh -c 'echo $$ > escaped; exec sleep 300' >/dev/null 2>&1 &";
      const stay = "sh -c 'echo $$ > child; exec sleep 300' >/dev/null 2>&1 &";
      const prepared = await start(
        sh(`${escape} ${stay} until test -s escaped -a -s child; do :; done; kill -KILL $PPID $$`),
        mark,
      );
      const pidsOf = (): number[] => [pidIn("escaped"), pidIn("child")];
      const { record } = prepared;
      const ended = run(prepared).ended;
      await until(() => !lives(record.pid) && pidsOf().every((pid) => pid > 0), "the first process to end");
      expect(await endLeftovers([record], mark, 100)).toEqual([]);
      expect(pidsOf().map(lives)).toEqual([false, false]);
      await ended;
    });

    it("is not fooled by a process that has got the recorded number since, nor by one of another attempt", async () => {
      const [mine, other] = [newMark(), newMark()];
      const stranger = await leave("echo $$ > self; exec sleep 300", other);
      const { record } = stranger;
      const sameStep = { ...other, outputsFile: "j/once/s.0.outputs" };
      expect(await endLeftovers([{ ...record, startTime: "1" }], mine, 100)).toEqual([]);
      expect(await endLeftovers([{ ...record, startTime: "1" }], sameStep, 100)).toEqual([]);
      expect(await endLeftovers([{ ...record, bootId: "an earlier one" }], other, 100)).toEqual([]);
      const elsewhere = `${record.bootId.split("/")[0]}/pid:[1]`;
      expect(await endLeftovers([{ ...record, bootId: elsewhere }], mine, 100)).toEqual([]);
      await until(() => pidIn("self") > 0, "the stranger");
      expect(lives(pidIn("self"))).toBe(true);
      expect(survivorsOf({ id: null, mark: other })).toEqual([pidIn("self")]);
      // Recorded in another container, it is found by its mark alone.
      expect(await endLeftovers([{ ...record, bootId: elsewhere }], other, 100)).toEqual([]);
      expect(lives(pidIn("self"))).toBe(false);
    });
  });
});

describe("a pipe for each command", () => {
  it.runIf(process.platform === "linux")("can be opened by its well-known names", async () => {
    launchers = new Launchers(inherited);
    const script = "echo one > /dev/stderr; echo two | tee /dev/stderr >/dev/stdout";
    expect(await runToEnd(sh(script))).toMatchObject({ exitCode: 0, output: "one\ntwo\ntwo\n" });
  });

  it("is made for any number of commands at once, and is given back", async () => {
    launchers = new Launchers(inherited);
    const openFiles = (): number => readdirSync("/dev/fd").length;
    const before = openFiles();
    for (let round = 0; round < 2; round += 1) {
      const results = await Promise.all(Array.from({ length: 20 }, (_, n) => runToEnd(sh(`echo ${n}`))));
      expect(results.map(({ output }) => output)).toEqual(results.map((_, n) => `${n}\n`));
    }
    await launchers.end();
    expect(openFiles()).toBe(before);
    expect(readdirSync(process.env["TMPDIR"] ?? "").filter((name) => name.includes("pipes"))).toEqual([]);
  });
});

/** Whether a process is stopped, as its own system tells. */
function isStopped(pid: number): boolean {
  if (process.platform === "linux") return / T /.test(readFileSync(`/proc/${pid}/stat`, "latin1"));
  return execFileSync("ps", ["-o", "stat=", "-p", String(pid)], { encoding: "utf8" }).startsWith("T");
}

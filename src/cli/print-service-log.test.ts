import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import { appendFile, mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runCaptured } from "../../test/support/capture-cli.ts";

const folder = mkdtempSync(join(tmpdir(), "service-log-"));
afterAll(async () => await rm(folder, { recursive: true, force: true }));
const logs = join(folder, ".mahavishnu/logs");

function lineOf(minute: number, level: string, fields: object = {}): string {
  const time = `2026-11-20T10:0${minute}:00.000Z`;
  return `${JSON.stringify({ level, time, ...fields, message: `line ${minute}` })}\n`;
}

beforeAll(async () => {
  await mkdir(logs, { recursive: true });
  await writeFile(join(folder, "mahavishnu.yaml"), "version: 1\n");
  await writeFile(join(folder, "repos.yaml"), "version: 1\nrepos: {}\n");
  const run = { runId: "k3v9q0x2mf", repository: "alpha", said: "two words \u001b[2J" };
  const lines = [lineOf(1, "info"), lineOf(2, "warn", run), "not json\n", lineOf(3, "error")];
  await writeFile(join(logs, "2026-11-20.ndjson"), lines.join(""));
});

const ask = async (...words: string[]) => await runCaptured(["runs", "logs", ...words, "-C", folder]);

describe("runs logs --service", () => {
  it("shows the newest lines, the oldest of them first, and acts on no terminal", async () => {
    expect(await ask("--service", "--limit", "2")).toEqual({
      exitCode: 0,
      stdout:
        "2026-11-20 10:02:00.000Z  warn   line 2  " +
        'runId=k3v9q0x2mf repository=alpha said="two words \\u001b[2J"\n' +
        "2026-11-20 10:03:00.000Z  error  line 3\n",
      stderr: expect.stringMatching(
        /^lines that could not be read: 1\nthere may be older lines: add --cursor 2026-11-20:\d+\n$/,
      ) as string,
    });
  });

  it.each([
    [["k3v9q0x2mf"], [2]],
    [["--repo", "alpha"], [2]],
    [
      ["--level", "warn"],
      [2, 3],
    ],
    [["--since", "2026-11-20T10:03:00Z"], [3]],
    [["--until", "2026-11-20T10:01:30Z"], [1]],
    [["--repo", "nobody"], []],
  ])("picks by %s", async (words, minutes) => {
    const { stdout } = await ask("--service", "-o", "ndjson", ...words);
    const found = stdout.split("\n").filter((line) => line !== "");
    expect(found.map((line) => (JSON.parse(line) as { message: string }).message)).toEqual(
      minutes.map((minute) => `line ${minute}`),
    );
  });

  it.each([
    [[], "it is not said which run's logs"],
    [["k3v9", "--since", "1h"], "--since is for the log of the service"],
    [["k3v9", "-o", "json"], "-o json is for the log of the service"],
    [["--service", "--step", "test"], "--step is about what steps printed"],
    [["--service", "-f", "--until", "1h"], "--follow and --until contradict"],
    [["--service", "-f", "-o", "json"], "--follow and -o json contradict"],
    [["--service", "--cursor", "7"], '"7" is no cursor'],
    [["--service", "none"], 'there is no run "none"'],
  ])("refuses %s", async (words, message) => {
    const { exitCode, stdout, stderr } = await ask(...words);
    expect([exitCode, stdout + stderr]).toEqual([64, expect.stringContaining(message)]);
  });

  it("follows what comes, also on the next day, until it is told to stop", async () => {
    const words = ["runs", "logs", "--service", "--follow", "-o", "ndjson", "--level", "error", "-C", folder];
    const child = spawn(process.execPath, [join(import.meta.dirname, "main.ts"), ...words], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const messages: string[] = [];
    for await (const line of createInterface({ input: child.stdout })) {
      messages.push((JSON.parse(line) as { message: string }).message);
      if (messages.length === 1) {
        await appendFile(join(logs, "2026-11-20.ndjson"), lineOf(4, "error") + lineOf(5, "info"));
        await writeFile(join(logs, "2026-11-21.ndjson"), lineOf(6, "error"));
      }
      if (messages.length === 3) child.kill("SIGINT");
    }
    const [code] = (child.exitCode === null ? await once(child, "exit") : [child.exitCode]) as [number];
    expect([messages, code]).toEqual([["line 3", "line 4", "line 6"], 130]);
  });
});

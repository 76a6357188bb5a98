import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { root } from "../../scripts/lib/root.ts";
import { makeTemporaryFolder } from "../../src/lib/temporary-folder.ts";
import { runCaptured } from "../support/capture-cli.ts";

const page = readFileSync(join(root, "docs/operations.md"), "utf8");
const runbooks = page.slice(page.indexOf("## Runbooks"));

/** Every command that a runbook says, as it is written there. */
const commands = [
  ...new Set(
    [...runbooks.matchAll(/`(mahavishnu [^`]+)`|^(mahavishnu [^#\n]+)/gmu)].map((match) =>
      (match[1] ?? match[2] ?? "").trim(),
    ),
  ),
];

/** What goes on until it is told to stop, or is tried by tests of its own, and where. */
const elsewhere: Readonly<Record<string, string>> = {
  "mahavishnu serve": "goes on; most of the tests of servers",
  "mahavishnu production run-all-tests": "takes a minute; src/readiness",
};

/** What an operator puts in the place of the words in capitals. */
let words: Readonly<Record<string, string>> = {};
let folder: string;
const receiver = createServer((_request, response) => response.writeHead(410).end());
const env = { PATH: process.env["PATH"] ?? "", HOME: process.env["HOME"] ?? "", HOOK: "0123456789abcdef01234567" };

async function call(...argv: readonly string[]) {
  return await runCaptured(argv, { cwd: folder, env });
}

beforeAll(async () => {
  folder = makeTemporaryFolder("runbooks-");
  receiver.listen(0, "127.0.0.1");
  await once(receiver, "listening");
  const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
  await call("init", ".", "--demo");
  const bad = "version: 1\nname: bad\njobs: { j: { steps: [{ id: go, run: 'echo broken; exit 3' }] } }\n";
  writeFileSync(join(folder, "workflows/bad.yaml"), bad);
  writeFileSync(
    join(folder, "mahavishnu.local.yaml"),
    JSON.stringify({
      version: 1,
      webhooks: { outgoing: { chat: { url, secret: "${env:HOOK}" } } },
      telemetry: {
        channels: { log: { file: "alerts.ndjson" } },
        alerts: [{ name: "failures", on: ["run.failed"], notify: ["log"] }],
        slos: { all: { availability: { objective: 99 } } },
      },
    }),
  );
  const failed = JSON.parse((await call("run", "bad", "-o", "json")).stdout) as { id: string };
  const tried = JSON.parse((await call("webhooks", "test", "chat", "-o", "json")).stdout) as { id: string };
  const { items } = JSON.parse((await call("repos", "list", "-o", "json")).stdout) as { items: { name: string }[] };
  words = { ID: failed.id, DELIVERY: tried.id, STEP: "go", NAME: items[0]?.name ?? "", WORKFLOW: "bad" };
});
afterAll(() => {
  receiver.close();
  rmSync(folder, { recursive: true, force: true });
});

/** The words of a command, in the way of a shell, with the places of a runbook filled in. */
function fillIn(command: string): string[] {
  const parts = [...command.matchAll(/'([^']*)'|(\S+)/gu)].map((match) => match[1] ?? match[2] ?? "");
  return parts.slice(1).map((part) => {
    const place = command.includes("webhooks redeliver") && part === "ID" ? "DELIVERY" : part;
    return words[place] ?? part.replace("name:NAME", `name:${words["NAME"]}`);
  });
}

describe("what runbooks say", () => {
  it("is there", () => expect(commands.length).toBeGreaterThan(30));

  it.each(commands.filter((command) => elsewhere[command] === undefined))("can be followed: %s", async (command) => {
    const { exitCode, stdout, stderr } = await call(...fillIn(command));
    // 64: there is no such command, flag or argument. 70: it broke.
    expect([0, 1, 2], `${exitCode}\n${stdout}\n${stderr}`).toContain(exitCode);
    expect(`${stdout}${stderr}`.trim()).not.toBe("");
  });

  it("names a page and its heading for every alert and every kind of failure", () => {
    const headings = new Set([...page.matchAll(/^#+ (.+)$/gmu)].map((match) => match[1]));
    const links = [...runbooks.matchAll(/\]\(#([^)]+)\)/gu)].map((match) => match[1]);
    const anchors = new Set(
      [...headings].map((text) =>
        text
          ?.toLowerCase()
          .replaceAll(/[^\w -]/gu, "")
          .replaceAll(" ", "-"),
      ),
    );
    expect(links.filter((link) => !anchors.has(link))).toEqual([]);
  });
});

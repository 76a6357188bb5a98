import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { join } from "node:path";
import { afterAll, expect } from "vitest";

// Each test file has its own temporary folder, so that what is left in it, or still runs with it, names its culprit.
const shared = process.env["TMPDIR_OF_RUN"] ?? process.env["TMPDIR"];
if (shared === undefined)
  throw new Error("TMPDIR is not set: run the tests with vitest and this checkout's configuration");
const folder = mkdtempSync(join(shared, "f-"));
process.env["TMPDIR_OF_RUN"] = shared;
process.env["TMPDIR"] = folder;

// Hooks end in reverse order: this one, registered first, sees what the file's own clean-up has left.
afterAll(async () => {
  const survivors = await waitForSurvivors();
  // Told below as a failure; ended here, because they would hold the test runner's pipes open for ever.
  for (const { pid } of survivors) kill(pid);
  const files = readdirSync(folder);
  rmSync(folder, { recursive: true, force: true });
  expect(
    survivors.map(({ command }) => command),
    "processes that this test file started and did not end",
  ).toEqual([]);
  expect(files, "what this test file left in its temporary folder").toEqual([]);
});

interface Survivor {
  readonly pid: number;
  readonly command: string;
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself meanwhile.
  }
}

/** Processes started with this file's TMPDIR that outlive a short grace. Only Linux can tell. */
async function waitForSurvivors(): Promise<Survivor[]> {
  if (process.platform !== "linux") return [];
  for (let round = 0; ; round += 1) {
    const found = listSurvivors();
    if (found.length === 0 || round === 20) return found;
    await delay(100);
  }
}

function listSurvivors(): Survivor[] {
  const marker = `TMPDIR=${folder}`;
  const found: Survivor[] = [];
  for (const pid of readdirSync("/proc")) {
    if (!/^\d+$/.test(pid)) continue;
    try {
      const environment = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
      if (!environment.some((entry) => entry === marker || entry.startsWith(`${marker}/`))) continue;
      const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
      found.push({ pid: Number(pid), command });
    } catch {
      // The process has ended meanwhile, or is another user's.
    }
  }
  return found;
}

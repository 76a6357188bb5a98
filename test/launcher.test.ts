import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";

const launcher = join(import.meta.dirname, "../bin/mahavishnu.js");

/** Starts the launcher in a Node that believes to be another one, or on another platform. */
function startAs(lie: string): { status: number | null; stderr: string } {
  const script = `${lie}; await import(${JSON.stringify(pathToFileURL(launcher).href)})`;
  const { status, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" });
  return { status, stderr };
}

describe("bin/mahavishnu.js", () => {
  it.each(["12.22.12", "20.20.2", "23.11.0"])("on Node %s says which Node it needs and how to get it", (version) => {
    const { status, stderr } = startAs(`Object.defineProperty(process.versions, "node", { value: "${version}" })`);
    expect(status).toBe(64);
    expect(stderr).toContain(`needs Node 24 or newer; this is Node ${version}`);
    expect(stderr).toContain("https://nodejs.org/en/download");
  });

  it("refuses Windows and names what to do there", () => {
    const { status, stderr } = startAs(`Object.defineProperty(process, "platform", { value: "win32" })`);
    expect(status).toBe(64);
    expect(stderr).toContain("Windows is not supported");
    expect(stderr).toContain("WSL");
  });

  it("uses no syntax that a Node as old as 12 cannot parse", () => {
    const code = readFileSync(launcher, "utf8").replaceAll(/"[^"]*"|\/\/.*/g, "");
    expect(code).toContain("import(");
    expect(code).not.toMatch(/\?\?|\?\.|\|\|=|&&=|\bawait\b|^import |^export |#[a-z]|\d_\d/m);
  });
});

import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadConfig } from "../config/load-config.ts";
import { resolveSecrets } from "../config/secret-references.ts";
import { findPackageRoot } from "../lib/package-root.ts";
import { assertContained } from "../repositories/containment.ts";
import { loadManifest } from "../repositories/load-manifest.ts";
import { parseWorkflow } from "../workflows/parse-workflow.ts";
import { makeDemoWorkspace } from "./demo-workspace.ts";
import { initWorkspace } from "./init-workspace.ts";

const packageRoot = findPackageRoot();
let parent = "";

beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), "made-"));
  await initWorkspace({ folder: join(parent, "new"), packageRoot });
  await makeDemoWorkspace({ folder: join(parent, "demo"), packageRoot, fresh: false });
});

afterAll(async () => {
  await rm(parent, { recursive: true, force: true });
});

describe.each(["new", "demo"])("the %s workspace", (name) => {
  it("has a configuration that is valid, for production, within the ranges of the guide", async () => {
    const { config } = await loadConfig({ workspace: join(parent, name), env: {}, set: [] });
    expect(config.profile).toBe("production");
    expect(config.limits.maxConcurrentWorkflows).toBeGreaterThanOrEqual(5);
    expect(config.limits.maxConcurrentWorkflows).toBeLessThanOrEqual(20);
    expect(config.limits.retry.attempts).toBeGreaterThanOrEqual(3);
    expect(config.limits.retry.attempts).toBeLessThanOrEqual(5);
    expect(config.limits.timeout).toBeGreaterThanOrEqual(300_000);
    expect(config.limits.timeout).toBeLessThanOrEqual(1_800_000);
    expect(config.auth.enabled).toBe(true);
  });

  it("has a secret behind its reference, and none in plain text", async () => {
    const loaded = await loadConfig({ workspace: join(parent, name), env: {}, set: [] });
    expect(loaded.plainTextSecrets).toEqual([]);
    const { auth } = await resolveSecrets(loaded, {});
    expect(auth?.reveal()).toMatch(/^[\w-]{43}$/);
  });

  it("has a manifest that is valid, with every repository inside the workspace", async () => {
    const fleet = await loadManifest({ file: join(parent, name, "repos.yaml") });
    await assertContained(fleet, fleet.repositories);
    expect(fleet.repositories.length).toBeGreaterThanOrEqual(name === "demo" ? 7 : 0);
  });

  it("has workflows that are valid, with time-outs within the ranges of the guide", () => {
    const folder = join(parent, name, "workflows");
    const files = readdirSync(folder);
    expect(files.length).toBeGreaterThan(0);
    for (const file of files) {
      const workflow = parseWorkflow({ file, text: readFileSync(join(folder, file), "utf8") });
      expect(`${workflow.name}.yaml`).toBe(file);
      for (const { timeoutMs } of workflow.jobs) {
        expect(timeoutMs).toBeGreaterThanOrEqual(300_000);
        expect(timeoutMs).toBeLessThanOrEqual(1_800_000);
      }
    }
  });
});

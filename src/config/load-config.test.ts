import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadConfig } from "./load-config.ts";
import { formatOrigin } from "./origin.ts";
import { withWorkspace } from "./workspace-fixture.ts";

interface Given {
  readonly env?: Readonly<Record<string, string>>;
  readonly set?: readonly string[];
}

async function load(files: Readonly<Record<string, string>>, given: Given = {}) {
  return await withWorkspace(files, async (workspace) => await loadConfig({ workspace, env: {}, set: [], ...given }));
}

describe("loadConfig", () => {
  it("fills in defaults", async () => {
    const { config } = await load({ "mahavishnu.yaml": "version: 1\n" });
    expect(config).toMatchObject({
      profile: "production",
      repositories: "./repos.yaml",
      engine: "embedded",
      limits: {
        maxConcurrentWorkflows: 10,
        maxConcurrentSteps: 8,
        retry: { attempts: 3, backoff: "exponential", first: 1_000, max: 60_000 },
        timeout: 900_000,
        runTimeout: 86_400_000,
        maxOutputBytes: 10_485_760,
        lease: 10_000,
        heartbeat: 2_000,
        grace: 5_000,
      },
      auth: { enabled: true, tokenTtl: 3_600_000 },
      secrets: {},
      paths: { allowedRoots: [] },
    });
    expect(config.limits.stepTimeout).toBeUndefined();
  });

  it("lays layer over layer and knows where each value came from", async () => {
    const loaded = await load(
      {
        "mahavishnu.yaml":
          "version: 1\nprofile: development\nlimits:\n  timeout: 10m\n  lease: 20s\n  retry: { attempts: 4 }\n",
        "mahavishnu.local.yaml": "version: 1\nlimits: { timeout: 11m, retry: { max: 2m } }\n",
      },
      {
        env: { MAHAVISHNU_LIMITS__TIMEOUT: "12m", MAHAVISHNU_LIMITS__MAX_CONCURRENT_WORKFLOWS: "5", PATH: "/bin" },
        set: ["limits.timeout=13m", "paths.allowedRoots=[/srv/a, ~/b]", "auth.enabled=false"],
      },
    );
    expect(loaded.config.limits).toMatchObject({
      timeout: 780_000,
      lease: 20_000,
      maxConcurrentWorkflows: 5,
      retry: { attempts: 4, max: 120_000 },
    });
    expect(loaded.config.auth.enabled).toBe(false);
    expect(loaded.config.paths.allowedRoots).toEqual(["/srv/a", "~/b"]);
    const origins = Object.fromEntries([...loaded.origins].map(([path, origin]) => [path, formatOrigin(origin)]));
    expect(origins).toMatchObject({
      profile: "mahavishnu.yaml:2:10",
      "limits.lease": "mahavishnu.yaml:5:10",
      "limits.retry.attempts": "mahavishnu.yaml:6:22",
      "limits.retry.max": "mahavishnu.local.yaml:2:39",
      "limits.retry.first": "default",
      "limits.maxConcurrentWorkflows": "MAHAVISHNU_LIMITS__MAX_CONCURRENT_WORKFLOWS",
      "limits.timeout": "--set limits.timeout",
    });
    expect(loaded.entries.find(({ path }) => path === "limits.timeout")?.hidden.map(formatOrigin)).toEqual([
      "MAHAVISHNU_LIMITS__TIMEOUT",
      "mahavishnu.local.yaml:2:20",
      "mahavishnu.yaml:4:12",
    ]);
  });

  it("makes the paths absolute", async () => {
    await withWorkspace({ "mahavishnu.yaml": "version: 1\nreadiness: { waivers: ./w.yaml }\n" }, async (workspace) => {
      const { paths, files } = await loadConfig({ workspace, env: {}, set: ["paths.allowedRoots=[~/src, ../x]"] });
      expect(files).toEqual([join(workspace, "mahavishnu.yaml")]);
      expect(paths).toMatchObject({
        repositories: join(workspace, "repos.yaml"),
        workflows: join(workspace, "workflows"),
        stateFolder: join(workspace, ".mahavishnu"),
        stateFile: join(workspace, ".mahavishnu/state.db"),
        waivers: join(workspace, "w.yaml"),
      });
      expect(paths.allowedRoots[1]).toBe(join(workspace, "../x"));
    });
  });

  it("reads another file with its own local layer", async () => {
    const files = {
      "mahavishnu.yaml": "version: 1\nprofile: development\n",
      "mahavishnu.local.yaml": "version: 1\nlimits: { lease: 1m }\n",
      "staging.yaml": "version: 1\nlimits: { grace: 1s }\n",
      "staging.local.yaml": "version: 1\nlimits: { grace: 3s }\n",
    };
    await withWorkspace(files, async (workspace) => {
      const { config } = await loadConfig({ workspace, configFile: "staging.yaml", env: {}, set: [] });
      expect(config.profile).toBe("production");
      expect(config.limits).toMatchObject({ lease: 10_000, grace: 3_000 });
    });
  });

  it("has the same digest for the same configuration, another for another", async () => {
    const digest = async (text: string): Promise<string> => (await load({ "mahavishnu.yaml": text })).digest;
    const first = await digest("version: 1\nlimits: { timeout: 15m }\nsecrets: { A: '${env:A}', B: '${env:B}' }\n");
    expect(await digest("secrets: { B: '${env:B}', A: '${env:A}' }\nversion: 1\nlimits: { timeout: 900s }\n")).toBe(
      first,
    );
    expect(await digest("version: 1\nsecrets: { A: '${env:A}', B: '${env:C}' }\n")).not.toBe(first);
    expect(first).toMatch(/^[0-9a-f]{64}$/);
  });

  it("knows plain-text secrets and the variables that hold secrets, in whatever layer they are named", async () => {
    const loaded = await load(
      {
        "mahavishnu.yaml":
          "version: 1\nauth: { secret: '${env:OLD_SECRET}' }\nsecrets:\n  A: plain-in-file\n  B: ${env:TOKEN_B}\n",
        "mahavishnu.local.yaml": "version: 1\nauth: { secret: '${env:MAHAVISHNU_AUTH_SECRET}' }\n",
      },
      {
        env: {
          MAHAVISHNU_AUTH_SECRET: "not a key of the configuration",
          MAHAVISHNU_SECRETS__npmToken: "from the environment",
          MAHAVISHNU_SECRETS__D: "${env:TOKEN_D}",
        },
        set: ["secrets.C=plain-on-the-command-line"],
      },
    );
    expect(loaded.plainTextSecrets.map(({ path, origin }) => `${path} ${formatOrigin(origin)}`)).toEqual([
      "secrets.A mahavishnu.yaml:4:6",
      "secrets.C --set secrets.C",
    ]);
    expect(loaded.secretVariables).toEqual(["MAHAVISHNU_AUTH_SECRET", "OLD_SECRET", "TOKEN_B", "TOKEN_D"]);
    expect(Object.keys(loaded.config.secrets).toSorted()).toEqual(["A", "B", "C", "D", "npmToken"]);
  });

  it("leaves reserved variables and those of others alone", async () => {
    const env = {
      MAHAVISHNU_URL: "x",
      MAHAVISHNU_TOKEN: "x",
      MAHAVISHNU_OUTPUT: "x",
      MAHAVISHNU_RUN_ID: "x",
      MAHAVISHNU_IDEMPOTENCY_KEY: "x",
      MAHAVISHNUX: "x",
    };
    const { entries } = await load({ "mahavishnu.yaml": "version: 1\n" }, { env });
    expect(entries.filter(({ origin }) => origin.layer === "environment")).toEqual([]);
  });
});

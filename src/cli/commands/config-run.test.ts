import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { runCaptured } from "../../../test/support/capture-cli.ts";
import { loadConfig } from "../../config/load-config.ts";
import { withWorkspace } from "../../config/workspace-fixture.ts";
import { describeConfig } from "../../app/describe-config.ts";
import { viewConfig } from "./config-view.ts";

const files = {
  "mahavishnu.yaml": [
    "version: 1",
    "profile: development",
    "limits: { timeout: 20m }",
    "auth: { secret: '${env:AUTH}' }",
    "secrets: { TOKEN: hunter2hunter2 }",
    "access: { bindings: [{ subject: 'user:dana', role: viewer }] }",
    "",
  ].join("\n"),
};

function linesOf(text: string): string[] {
  return text.trimEnd().split("\n");
}

describe("config show", () => {
  it("prints every value, and with --origin where it comes from", async () => {
    await withWorkspace(files, async (cwd) => {
      const env = { MAHAVISHNU_LIMITS__TIMEOUT: "25m", AUTH: "x" };
      const plain = await runCaptured(["config", "show"], { cwd, env });
      expect(plain).toMatchObject({ exitCode: 0, stderr: "" });
      expect(linesOf(plain.stdout)).toContain("limits.timeout                                  25m");
      const { stdout } = await runCaptured(["config", "show", "--origin", "--set", "limits.grace=9s"], { cwd, env });
      const rows = linesOf(stdout).map((line) => line.replaceAll(/ {2,}/g, "  "));
      expect(rows).toEqual(
        expect.arrayContaining([
          "profile  development  mahavishnu.yaml:2:10",
          "limits.timeout  25m  MAHAVISHNU_LIMITS__TIMEOUT, hides mahavishnu.yaml:3:20",
          "limits.grace  9s  --set limits.grace",
          "limits.lease  10s  default",
          "auth.secret  ***  mahavishnu.yaml:4:17 ${env:AUTH}",
          "secrets.TOKEN  ***  mahavishnu.yaml:5:19",
          'access.bindings  [{"subject":"user:dana","role":"viewer"}]  mahavishnu.yaml:6:21',
        ]),
      );
      expect(stdout).not.toContain("hunter2");
    });
  });

  it("keeps keys and places whole where the terminal is narrow", async () => {
    await withWorkspace(files, async (workspace) => {
      const env = { MAHAVISHNU_READINESS__THRESHOLDS__WORKFLOW_SPEED__MEDIAN: "240ms" };
      const loaded = await loadConfig({ workspace, env, set: ["limits.timeout=15m"] });
      const { text } = viewConfig(describeConfig(loaded), {
        origin: true,
        look: { width: 80, colour: false, unicode: false },
      });
      expect(text.filter((line) => line.length > 80)).toEqual([]);
      for (const [key, rest] of [
        ["limits.timeout", "15m         --set limits.timeout\n  hides mahavishnu.yaml:3:20\n"],
        ["auth.secret", "***         mahavishnu.yaml:4:17\n  ${env:AUTH}\n"],
        [
          "readiness.thresholds.workflowSpeed.median",
          "240ms\n  MAHAVISHNU_READINESS__THRESHOLDS__WORKFLOW_SPEED__MEDIAN\n",
        ],
      ] as const) {
        expect(text.join("\n")).toContain(`\n${key.padEnd(46)}  ${rest}`);
      }
    });
  });

  it("prints the same for machines, alone on the standard output", async () => {
    await withWorkspace(files, async (cwd) => {
      const { stdout, stderr } = await runCaptured(["config", "show", "-o", "json"], { cwd });
      const document = JSON.parse(stdout) as { digest: string; items: { path: string }[] };
      expect(stderr).toBe("");
      expect(document.digest).toMatch(/^[0-9a-f]{64}$/);
      expect(document.items.find(({ path }) => path === "secrets.TOKEN")).toMatchObject({
        value: "***",
        reference: null,
      });
      expect(document.items.find(({ path }) => path === "limits.timeout")).toMatchObject({
        value: "20m",
        origin: { layer: "file", line: 3, column: 20, place: "mahavishnu.yaml:3:20" },
      });
      expect(inspect(document, { depth: 9 })).not.toContain("hunter2");
    });
  });
});

describe("config validate", () => {
  it("says in one line that all is well", async () => {
    const good = { "mahavishnu.yaml": "version: 1\nauth: { secret: '${env:AUTH}' }\n" };
    await withWorkspace(good, async (cwd) => {
      const { stdout, exitCode } = await runCaptured(["config", "validate"], { cwd, env: { AUTH: "x" } });
      expect(stdout).toMatch(/^mahavishnu\.yaml is valid: 2 set, \d+ left at their defaults\n$/);
      expect(exitCode).toBe(0);
    });
  });

  it("names references that lead nowhere, keys that are needed, and what deserves a look", async () => {
    await withWorkspace(files, async (cwd) => {
      const { stdout, exitCode } = await runCaptured(["config", "validate"], { cwd });
      expect(stdout.replace(/\d+ left/, "N left")).toMatchInlineSnapshot(`
        "error  mahavishnu.yaml:4:17  auth.secret: \${env:AUTH} leads to nothing: the variable is not set
            4 | auth: { secret: '\${env:AUTH}' }
              |                 ^^^^^^^^^^^^^ set AUTH in the environment
        warning  mahavishnu.yaml:5:19  secrets.TOKEN stands in plain text
                 move it into a variable or a file and write \${env:NAME} or \${file:PATH}
        mahavishnu.yaml is not valid: 6 set, N left at their defaults
        "
      `);
      expect(exitCode).toBe(1);
    });
    await withWorkspace({ "mahavishnu.yaml": "version: 1\n" }, async (cwd) => {
      const { stdout, exitCode } = await runCaptured(["config", "validate"], { cwd });
      expect(stdout.replace(/\d+ left/, "N left")).toMatchInlineSnapshot(`
        "error  auth.secret is missing, and needed because auth.enabled is true
               write \`auth: { secret: \${env:MAHAVISHNU_AUTH_SECRET} }\`, or set MAHAVISHNU_AUTH__SECRET
        mahavishnu.yaml is not valid: 1 set, N left at their defaults
        "
      `);
      expect(exitCode).toBe(1);
      const { stdout: json } = await runCaptured(["config", "validate", "-o", "json"], { cwd });
      expect(JSON.parse(json)).toMatchObject({ valid: false, remarks: [{ severity: "error", path: "auth.secret" }] });
    });
  });

  it("warns of no value that a variable or --set overrides, for that is what they are for", async () => {
    const local = { ...files, "mahavishnu.local.yaml": "version: 1\nprofile: production\n" };
    const env = { MAHAVISHNU_LIMITS__TIMEOUT: "25m", AUTH: "x" };
    await withWorkspace(local, async (cwd) => {
      const { stdout } = await runCaptured(["config", "validate", "--set", "auth.secret=${env:AUTH}"], { cwd, env });
      expect(stdout).toContain("profile is set by mahavishnu.local.yaml:2:10, which hides mahavishnu.yaml:2:10");
      expect(stdout.match(/hides/g)).toHaveLength(1);
    });
  });

  it("shows a reference of --set or of a variable that leads nowhere, and ends like every other command", async () => {
    await withWorkspace(files, async (cwd) => {
      const set = ["--set", "auth.secret=${env:NOPE}"];
      const flag = await runCaptured(["config", "validate", ...set], { cwd });
      expect(flag.stdout).toContain(
        [
          "error  --set:1:13  auth.secret: ${env:NOPE} leads to nothing: the variable is not set",
          "    1 | auth.secret=${env:NOPE}",
          "      |             ^^^^^^^^^^^ set NOPE in the environment",
        ].join("\n"),
      );
      expect(flag.exitCode).toBe(64);
      const env = { MAHAVISHNU_AUTH__SECRET: "${env:NOPE}" };
      const variable = await runCaptured(["config", "validate"], { cwd, env });
      expect(variable.stdout).toContain("error  environment:1:25  auth.secret: ${env:NOPE} leads to nothing");
      expect(variable.exitCode).toBe(1);
    });
  });

  it("names what the scope of a role means and the manifest does not have", async () => {
    const scoped = (where: string): Record<string, string> => ({
      "mahavishnu.yaml": [
        "version: 1",
        "auth: { enabled: false }",
        "access:",
        `  bindings: [{ subject: 'user:dana', role: viewer, where: ${where} }]`,
        "",
      ].join("\n"),
      "repos.yaml": "version: 1\nroles: { service: {} }\nrepos: { a: {} }\nselectors: { web: 'tag:web' }\n",
    });
    await withWorkspace(scoped('"@wbb && (role:servce || needs:b)"'), async (cwd) => {
      const { stdout, exitCode } = await runCaptured(["config", "validate"], { cwd });
      const [, , caret] = linesOf(stdout);
      expect(stdout).toContain('error  mahavishnu.yaml:4:60  unknown selector "@wbb"\n');
      expect(caret).toBe(`      | ${" ".repeat(59)}^^^^ did you mean "web"?`);
      expect(stdout).toContain('error  mahavishnu.yaml:4:74  unknown role "servce"\n');
      expect(stdout).toContain('error  mahavishnu.yaml:4:90  unknown repository "b"\n');
      expect(exitCode).toBe(1);
      const sound = "access.bindings=[{ subject: 'user:x', role: viewer, where: '@web && !needs:a' }]";
      expect((await runCaptured(["config", "validate", "--set", sound], { cwd })).exitCode).toBe(0);
      const wrong = await runCaptured(["config", "validate", "--set", sound.replace("@web", "@wb")], { cwd });
      expect(wrong.stdout).toContain("error  --set:1:61  unknown selector");
      expect(wrong.exitCode).toBe(64);
    });
    // What is wrong with the manifest is for `repos check` to say.
    await withWorkspace({ ...scoped("'@web'"), "repos.yaml": "version: 1\nrepoz: {}\n" }, async (cwd) => {
      expect((await runCaptured(["config", "validate"], { cwd })).exitCode).toBe(0);
    });
  });

  it("shows the places of a configuration that is wrong", async () => {
    await withWorkspace({ "mahavishnu.yaml": "version: 1\nprofil: production\n" }, async (cwd) => {
      const { stdout, stderr, exitCode } = await runCaptured(["config", "validate"], { cwd });
      expect(stdout).toBe("");
      expect(stderr).toContain('mahavishnu.yaml:2:1  unknown key "profil"');
      expect(stderr).toContain('did you mean "profile"?');
      expect(exitCode).toBe(1);
    });
  });
});

describe("config schema", () => {
  it("prints the JSON Schema, also outside a workspace", async () => {
    const { stdout, exitCode } = await runCaptured(["config", "schema", "-o", "json"]);
    expect(JSON.parse(stdout)).toMatchObject({ title: "mahavishnu.yaml, version 1", required: ["version"] });
    expect(exitCode).toBe(0);
  });
});

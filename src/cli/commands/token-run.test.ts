import { describe, expect, it } from "vitest";
import { type CliResult, runCaptured } from "../../../test/support/capture-cli.ts";
import { withWorkspace } from "../../config/workspace-fixture.ts";

const files = {
  "mahavishnu.yaml":
    "version: 1\nauth: { secret: '${env:AUTH}' }\naccess: { bindings: [{ subject: 'user:dana', role: runner, where: 'name:web' }] }\n",
  "repos.yaml": "version: 1\nrepos: { web: {}, api: {} }\n",
};
const env = { AUTH: "a secret that is long enough to count here", HOME: "/" };

async function within(body: (call: (...argv: string[]) => Promise<CliResult>) => Promise<void>): Promise<void> {
  await withWorkspace(files, async (cwd) => {
    await body(async (...argv) => await runCaptured(argv, { cwd, env }));
  });
}

describe("mahavishnu token", () => {
  it("create prints the token alone, and all else beside it", async () => {
    await within(async (call) => {
      const made = await call("token", "create", "--subject", "service:ci", "--role", "runner", "--expires", "30d");
      expect(made.exitCode).toBe(0);
      expect(made.stdout).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
      expect(made.stderr).toMatch(
        /^token [0-9a-z]{10} of service:ci: runner, until \S+Z\nIt is shown this once and kept nowhere\.\n$/,
      );
      const claims = JSON.parse(Buffer.from(made.stdout.split(".")[1] ?? "", "base64url").toString()) as {
        exp: number;
        iat: number;
      };
      expect(claims.exp - claims.iat).toBe(30 * 86_400);
    });
  });

  it("list shows rights, state and last use; revoke ends one or all of a subject", async () => {
    await within(async (call) => {
      for (const name of ["one", "two"]) await call("token", "create", "--subject", "service:ci", "--name", name);
      const listed = await call("token", "list");
      expect(listed.stdout).toMatch(/^token +subject +name +rights +state +expires +last used\n/);
      expect(listed.stdout).toMatch(/service:ci +two +as its subject +valid +\S+Z +never\n/);
      const page = await call("token", "list", "--limit", "1");
      expect(page.stderr).toMatch(/^more: --cursor \d+\n$/);
      const [id = ""] = listed.stdout.split("\n")[1]?.split(" ") ?? [];
      expect(await call("token", "revoke", id)).toEqual({
        exitCode: 0,
        stdout: `${id}\n`,
        stderr: "1 token revoked\n",
      });
      expect((await call("token", "revoke", "--subject", "service:ci")).stderr).toBe("1 token revoked\n");
      expect((await call("token", "revoke", "--subject", "service:ci")).stderr).toBe("there was none to revoke\n");
      expect((await call("token", "list")).stdout).not.toContain("valid");
    });
  });

  it("rotate makes a new key and says how long the old one is needed", async () => {
    await within(async (call) => {
      await call("token", "create", "--subject", "service:ci");
      const rotated = await call("token", "rotate");
      expect(rotated.stdout).toMatch(/ EdDSA +\S+Z +signs\n.* EdDSA +\S+Z +verifies until \S+Z\n$/);
      expect((await call("token", "rotate", "--retire-now")).stdout).toMatch(/signs\n.*ended \S+Z\n.*ended \S+Z\n$/);
    });
  });

  it.each([
    [["create"], /--subject is missing/],
    [["create", "--subject", "local:root"], /a token cannot be for "local:root"/],
    [["create", "--subject", "user:a", "--expires", "soon"], /It must be a duration/],
    [["revoke"], /which token is to be revoked/],
    [["revoke", "x", "--subject", "user:a"], /an id and --subject/],
    [["revoke", "0123456789"], /there is no token "0123456789"/],
    [["list", "--cursor", "x"], /no cursor/],
  ])("refuses %j", async (argv, message) => {
    await within(async (call) => {
      const { exitCode, stdout, stderr } = await call("token", ...argv);
      expect([exitCode, stdout]).toEqual([64, ""]);
      expect(stderr).toMatch(message);
    });
  });
});

describe("mahavishnu access", () => {
  it("can answers by its exit code, and says why", async () => {
    await within(async (call) => {
      const yes = await call("access", "can", "user:dana", "runs:start", "web");
      expect([yes.exitCode, yes.stdout]).toEqual([
        0,
        "allowed: user:dana is runner where name:web\n  user:dana  runner  name:web  allows it\n",
      ]);
      const no = await call("access", "can", "user:dana", "runs:start", "api");
      expect([no.exitCode, no.stdout]).toEqual([
        1,
        "refused: no binding of user:dana covers api\n  user:dana  runner  name:web  its scope does not cover api\n",
      ]);
      expect((await call("access", "can", "user:dana", "runs:exec")).stdout).toContain(
        "the role runner has no runs:exec",
      );
      expect((await call("access", "can", "user:dana", "runs:strat")).exitCode).toBe(64);
    });
  });

  it("show and whoami tell of roles, bindings and the owner", async () => {
    await within(async (call) => {
      await call("token", "create", "--subject", "service:ci", "--role", "viewer");
      const { stdout } = await call("access", "show");
      expect(stdout).toMatch(/viewer +built in +config:read repos:read/);
      expect(stdout).toMatch(/user:dana +runner +name:web +configuration\n/);
      expect(stdout).toMatch(/token:[0-9a-z]{10} +viewer +everything +token\n/);
      expect((await call("access", "whoami")).stdout).toMatch(/^you are +local:\S+, who owns this workspace\n/);
    });
  });
});

import { readFileSync } from "node:fs";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestServer, type TestServer } from "../server-fixture.ts";
import type { Problem } from "./problem.ts";

let server: TestServer;
let token: string;
beforeAll(async () => {
  server = await startTestServer({
    bindings: [{ subject: "user:vera", role: "viewer" }],
    config: { readiness: { thresholds: { workflowSpeed: { median: "123ms" } } } },
    files: {
      "repos.yaml": "version: 1\nrepos:\n  alpha: {}\n  away: { path: ../away }\n",
      "workflows/look.yaml":
        "version: 1\nname: look\njobs: { go: { sweep: { select: 'name:*' }, steps: [{ run: 'true' }] } }\n",
    },
  });
  token = await server.token("user:vera");
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

interface Told extends Problem {
  readonly benchmark?: object;
}

async function ask(path: string, body?: object): Promise<{ readonly status: number; readonly body: Told }> {
  const response = await fetch(`${server.url}${path}`, {
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Told };
}

describe("a check that is explained", () => {
  it("is told with the limits that are in force here, and starts no process to read the files anew", async () => {
    // A command of its own would stumble over this.
    await writeFile(join(server.workspace, "mahavishnu.local.yaml"), "version: [");
    const { status, body } = await ask("/v1/checks/bw1");
    expect([status, body.benchmark]).toMatchObject([200, { limits: { median: 123 } }]);
  });

  it("is not found when there is none, with the nearest id", async () => {
    const { status, body } = await ask("/v1/checks/CFG0011");
    expect([status, body]).toMatchObject([404, { code: "CHECK_NOT_FOUND" }]);
    expect(body.fix).toContain("Did you mean CFG001?");
  });
});

describe("what fails at a server", () => {
  it.each(["not-there", "repos.yaml", `loop/${"x".repeat(300)}`])(
    "names the folder of a scan as it was asked for: %s",
    async (folder) => {
      const { status, body } = await ask(`/v1/repositories/scan?folder=${encodeURIComponent(folder)}`);
      expect([status, body.code]).toEqual([400, "USAGE"]);
      expect(body.detail.startsWith(folder)).toBe(true);
      expect(JSON.stringify(body)).not.toContain(server.workspace);
    },
  );

  it("tells of its own fault only that it happened, and its log where", async () => {
    await using broken = await startTestServer();
    const bearer = await broken.token("user:vera");
    // Nobody closes it so; whoever asks for anything now comes upon what was not foreseen.
    await (await broken.app.store())[Symbol.asyncDispose]();
    const answer = await fetch(`${broken.url}/v1/whoami`, { headers: { authorization: `Bearer ${bearer}` } });
    const body = (await answer.json()) as Problem;
    expect([answer.status, body.code, body.detail]).toEqual([500, "INTERNAL", "the server itself failed"]);
    const id = body.instance.slice("urn:uuid:".length);
    const folder = join(broken.workspace, ".mahavishnu/logs");
    const files = (await readdir(folder)).map((name) => readFileSync(join(folder, name), "utf8"));
    const lines = files.flatMap((text) =>
      text
        .trimEnd()
        .split("\n")
        .map((line): unknown => JSON.parse(line)),
    );
    const about = lines.filter((line) => (line as { readonly requestId?: string }).requestId === id);
    expect(about[0]).toMatchObject({ level: "error", message: "a request has failed" });
    expect(about[0]).toMatchObject({ error: { stack: expect.stringMatching(/\n +at /) as string } });
    expect(about[1]).toMatchObject({ level: "info", operation: "whoAmI", method: "GET", status: 500 });
  });

  it("tells places of the workspace from there", async () => {
    const { status, body } = await ask("/v1/plans", { workflow: "look", inputs: {} });
    expect([status, body.code]).toEqual([422, "REPOSITORY_OUTSIDE_ROOTS"]);
    expect(JSON.stringify(body)).toContain("not under the workspace");
    expect(JSON.stringify(body)).not.toContain(server.workspace);
  });
});

import { spawn } from "node:child_process";
import { chmodSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { defaultValues, serveWords } from "../../scripts/deploy/values.ts";
import { ServedWorkspace, ServeProcess, serveCommand, until } from "../support/serve-process.ts";

it("serves as unit, image and chart start it: configuration that it cannot write, state elsewhere", async () => {
  using place = new ServedWorkspace();
  const configuration = place.path("etc");
  const workspace = place.path("var");
  mkdirSync(join(configuration, "workflows"), { recursive: true });
  mkdirSync(workspace, { mode: 0o700 });
  const write = (name: string, content: object): void =>
    writeFileSync(join(configuration, name), JSON.stringify(content));
  write("mahavishnu.yaml", {
    version: 1,
    repositories: `${configuration}/repos.yaml`,
    workflows: `${configuration}/workflows`,
    server: { port: 0 },
    auth: { enabled: false },
  });
  write("repos.yaml", { version: 1, repos: {} });
  write("workflows/hello.yaml", {
    version: 1,
    name: "hello",
    jobs: { j: { steps: [{ id: "say", run: "echo hello" }] } },
  });
  for (const folder of [join(configuration, "workflows"), configuration]) chmodSync(folder, 0o555);

  const words = [...serveWords({ ...defaultValues, configuration, workspace }), "-o", "ndjson"];
  await using server = new ServeProcess(
    spawn(process.execPath, [serveCommand, ...words], { env: place.env, cwd: "/", stdio: ["ignore", "pipe", "pipe"] }),
  );
  await until(() => server.stdout.includes("\n"));
  const { url } = JSON.parse(server.stdout) as { readonly url: string };
  const asked = await fetch(`${url}/v1/runs`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ workflow: "hello" }),
  });
  const { runId } = (await asked.json()) as { readonly runId: string };
  await until(async () => {
    const run = (await (await fetch(`${url}/v1/runs/${runId}`)).json()) as { readonly state: string };
    return run.state === "succeeded";
  });
  expect(statSync(join(workspace, ".mahavishnu")).mode & 0o777).toBe(0o700);
  chmodSync(configuration, 0o755);
  chmodSync(join(configuration, "workflows"), 0o755);
});

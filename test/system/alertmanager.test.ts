import { mkdirSync } from "node:fs";
import { expect, it } from "vitest";
import { Api, ServedWorkspace, until } from "../support/serve-process.ts";
import { findFreePort, needTools, startTool } from "./tools.ts";

interface Posted {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

it("a real Alertmanager is told of a failed run, and that it is over", { timeout: 60_000 }, async (context) => {
  needTools(context, "alertmanager");
  using space = new ServedWorkspace({ drain: "1s" });
  mkdirSync(space.path("alertmanager"));
  space.write("alertmanager.yaml", "route: { receiver: nobody }\nreceivers: [{ name: nobody }]\n");
  const port = await findFreePort();
  const url = `http://127.0.0.1:${port}`;
  await using receiver = startTool("alertmanager", [
    `--config.file=${space.path("alertmanager.yaml")}`,
    `--storage.path=${space.path("alertmanager")}`,
    `--web.listen-address=127.0.0.1:${port}`,
    "--cluster.listen-address=",
  ]);
  await until(async () => {
    const answer = await fetch(`${url}/-/ready`).catch(() => null);
    return answer?.ok === true;
  });
  const firing = async (): Promise<readonly Posted[]> =>
    (await (await fetch(`${url}/api/v2/alerts?active=true`)).json()) as readonly Posted[];

  const step = `test -e ${space.path("mended")}`;
  space.write(
    "workflows/ship.yaml",
    JSON.stringify({ version: 1, name: "ship", jobs: { j: { steps: [{ run: step }] } } }),
  );
  space.write(
    "mahavishnu.yaml",
    JSON.stringify({
      version: 1,
      server: { port: 0, drain: "1s" },
      auth: { enabled: true, secret: "${env:SERVED_SECRET}" },
      access: { bindings: [{ subject: "user:root", role: "admin" }] },
      telemetry: {
        channels: { pager: { alertmanager: url } },
        alerts: [{ name: "failures", on: ["run.failed"], notify: ["pager"] }],
      },
    }),
  );
  await using server = await space.serve();
  const api = new Api(await space.token());
  expect(await firing(), receiver.output()).toEqual([]);
  const failed = await api.start(server, "ship");
  await until(async () => (await firing()).length > 0);
  const [alert] = await firing();
  expect(alert?.labels).toMatchObject({ alertname: "failures", severity: "error", workflow: "ship" });
  expect(JSON.stringify(alert?.annotations)).toContain(failed);
  space.write("mended");
  await api.start(server, "ship");
  await until(async () => (await firing()).length === 0);
});

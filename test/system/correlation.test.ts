import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { runCaptured } from "../support/capture-cli.ts";
import { ServedWorkspace } from "../support/serve-process.ts";

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";

interface Line {
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

it("is one id from the command line over the server and its log to the process of a step, and no secret is in the log", async () => {
  using workspace = new ServedWorkspace({ drain: "1s" });
  const canary = workspace.env.SERVED_SECRET;
  workspace.write(
    "workflows/told.yaml",
    JSON.stringify({
      version: 1,
      name: "told",
      // What a step fails with is told in the log too.
      jobs: { j: { steps: [{ id: "say", run: "env | grep -i -e ^trace -e ^MAHAVISHNU_RUN_ID; exit 7" }] } },
    }),
  );
  await using server = await workspace.serve();
  const env = {
    PATH: process.env["PATH"] ?? "",
    MAHAVISHNU_TOKEN: await workspace.token(),
    TRACEPARENT: `00-${traceId}-00f067aa0ba902b7-01`,
  };
  const call = async (...argv: readonly string[]): Promise<string> =>
    (await runCaptured([...argv, "--url", server.url], { cwd: workspace.folder, env })).stdout;
  const run = JSON.parse(await call("run", "told", "-o", "json")) as { id: string; traceId: string; state: string };
  expect(run).toMatchObject({ state: "failed", traceId });
  const said = (await call("runs", "logs", run.id)).trim().split("\n");
  expect(said.toSorted()).toEqual([
    "== j say #1",
    `MAHAVISHNU_RUN_ID=${run.id}`,
    expect.stringMatching(new RegExp(`^TRACEPARENT=00-${traceId}-[0-9a-f]{16}-01$`)),
  ]);
  const waiting = JSON.parse(await call("run", "wait", "--detach", "-o", "json")) as { id: string };
  const forms = [canary, Buffer.from(`x${canary}`).toString("base64"), encodeURIComponent(canary)];
  await call("runs", "cancel", waiting.id, "--reason", `seen: ${forms.join(" and ")}`);

  const lines = (await call("runs", "logs", run.id, "--service", "-o", "ndjson"))
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Line);
  expect(lines.map(({ message }) => message)).toEqual(
    expect.arrayContaining(["a run is recorded", "a request is answered", "a run begins", "a run has ended"]),
  );
  for (const { message, fields } of lines) {
    expect([message, fields]).toMatchObject([message, { runId: run.id, traceId }]);
  }
  const requests = lines.filter(({ message }) => message === "a request is answered");
  expect(new Set(requests.map(({ fields }) => fields["actor"]))).toEqual(new Set(["user:root"]));
  const logs = workspace.path(".mahavishnu/logs");
  const text = readdirSync(logs)
    .map((name) => readFileSync(`${logs}/${name}`, "utf8"))
    .join("");
  expect(text).toContain("seen: *** and");
  for (const form of [...forms, "long enough to count", Buffer.from(canary).toString("base64").slice(8, 40)]) {
    expect([form, text.includes(form) || server.stderr.includes(form)]).toEqual([form, false]);
  }
}, 60_000);

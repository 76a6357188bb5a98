import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type OtlpReceiver, startOtlpReceiver } from "../../test/support/otlp-receiver.ts";
import { loadConfig } from "../config/load-config.ts";
import type { AppContext } from "./app-context.ts";
import { openApp } from "./open-app.ts";
import { perform } from "./perform.ts";
import { execCommand } from "./use-cases/start-run.ts";

let workspace: string;
let receiver: OtlpReceiver;

beforeAll(async () => {
  receiver = await startOtlpReceiver();
  workspace = await mkdtemp(join(tmpdir(), "traces-"));
  const set = [
    "version: 1",
    "auth: { enabled: false }",
    `telemetry: { traces: { otlp: "${receiver.endpoint}", token: "\${env:OTLP_TOKEN}" } }`,
  ];
  await writeFile(join(workspace, "mahavishnu.yaml"), `${set.join("\n")}\n`);
  await writeFile(join(workspace, "repos.yaml"), "version: 1\nrepos: { alpha: {}, beta: {} }\n");
  for (const name of ["alpha", "beta"]) {
    await mkdir(join(workspace, name));
    execFileSync("git", ["init", "-q", "--template="], { cwd: join(workspace, name) });
  }
});
afterAll(async () => {
  await receiver[Symbol.asyncDispose]();
  await rm(workspace, { recursive: true, force: true });
});

async function open({ traceparent }: { readonly traceparent?: string } = {}): Promise<AppContext> {
  const env = { PATH: process.env["PATH"], TMPDIR: process.env["TMPDIR"], OTLP_TOKEN: "open-sesame" };
  const given = traceparent === undefined ? env : { ...env, TRACEPARENT: traceparent };
  return openApp({ loaded: await loadConfig({ workspace, env: given, set: [] }), env: given });
}

/** Executes a command in the fleet and closes the workspace, as a command line does; gives how long closing took. */
async function exec(
  app: AppContext,
  ...command: readonly string[]
): Promise<{ state: string; id: string; ms: number }> {
  const started = await perform(app, execCommand, { command });
  const state = await started.handle?.done;
  const before = performance.now();
  await app[Symbol.asyncDispose]();
  return { state: state?.state ?? "", id: started.runId, ms: performance.now() - before };
}

describe("traces of an open workspace", () => {
  it("are sent where the configuration says, with its token, before the workspace is closed", async () => {
    const { state, id } = await exec(await open(), "true");
    expect(state).toBe("succeeded");
    const spans = receiver.spans.filter(({ attributes }) => attributes["mahavishnu.run.id"] === id);
    expect(spans.map(({ name }) => name)).toEqual(expect.arrayContaining(["target exec/alpha", "target exec/beta"]));
    expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1);
    const [root, ...others] = spans.filter(({ parentId }) => parentId === "");
    expect([root?.name, root?.kind, others]).toEqual(["run exec", "SPAN_KIND_SERVER", []]);
    expect(receiver.requests.at(-1)).toMatchObject({
      path: "/v1/traces",
      headers: { authorization: "Bearer open-sesame", "content-type": "application/x-protobuf" },
    });
  });

  it("is a part of the trace that the command line is called in", async () => {
    const app = await open({ traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01" });
    const { id } = await exec(app, "true");
    const root = receiver.spans.find(({ name, attributes }) => {
      return name === "run exec" && attributes["mahavishnu.run.id"] === id;
    });
    expect(root).toMatchObject({ traceId: "4bf92f3577b34da6a3ce929d0e0e4736", parentId: "00f067aa0ba902b7" });
  });
});

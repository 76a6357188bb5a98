import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openApp } from "../app/open-app.ts";
import { perform } from "../app/perform.ts";
import { loadConfig } from "../config/load-config.ts";
import type { CommandIo, OutputStream } from "./command-io.ts";
import type { Door } from "./door.ts";
import { followRuns } from "./follow-run.ts";
import { SignalInterrupts } from "./interrupts.ts";

const sink: OutputStream = {
  write: () => undefined,
  isTTY: false,
  colour: false,
  unicode: false,
  width: Number.POSITIVE_INFINITY,
  height: Number.POSITIVE_INFINITY,
  closed: new AbortController().signal,
};

describe("followRuns", () => {
  it("tells why there is no engine, also when it is told to leave in that moment", async () => {
    const workspace = await mkdtemp(join(tmpdir(), "follow-"));
    const config = "version: 1\nauth: { enabled: false }\nsecrets: { token: '${env:NOT_THERE}' }\n";
    await writeFile(join(workspace, "mahavishnu.yaml"), config);
    try {
      const loaded = await loadConfig({ workspace, env: {}, set: [] });
      await using app = openApp({ loaded, env: {} });
      const interrupts = new SignalInterrupts(() => undefined);
      const io: CommandIo = { stdout: sink, stderr: sink, env: {}, cwd: workspace, interrupts };
      const door: Door = {
        local: app,
        perform: async (useCase, input) => await perform(app, useCase, input),
        [Symbol.asyncDispose]: async () => await Promise.resolve(),
      };
      const followed = followRuns({ door, io, options: { format: "json", reports: [], quiet: true } }, async () => {
        interrupts.receive("SIGTERM");
        await app.engine();
        return [];
      });
      await expect(followed).rejects.toMatchObject({ code: "SECRET_UNRESOLVED" });
      // A rejection that nobody has heard of is told, and fails this file, in a later turn.
      await new Promise((resolve) => setImmediate(resolve));
    } finally {
      await rm(workspace, { recursive: true, force: true });
    }
  });
});

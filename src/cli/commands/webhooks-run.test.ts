import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CliResult, runCaptured } from "../../../test/support/capture-cli.ts";
import { newHookSecret, startReceiver } from "../../app/webhook-fixture.ts";

const secret = newHookSecret();
let cwd: string;
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), "webhooks-"));
  const config = {
    version: 1,
    auth: { enabled: false },
    webhooks: {
      incoming: { deploy: { workflow: "ship", secret: "${env:HOOK}" } },
      outgoing: {
        chat: { url: "http://127.0.0.1:9/T0KEN", secret: "${env:HOOK}", on: ["run.failed"], where: "tag:edge" },
        old: { url: "https://old.example.test", secret: "${env:HOOK}", enabled: false, workflows: ["ship"] },
      },
    },
  };
  await writeFile(join(cwd, "mahavishnu.yaml"), JSON.stringify(config));
  await writeFile(join(cwd, "repos.yaml"), "version: 1\nrepos: {}\n");
});
afterAll(async () => {
  await rm(cwd, { recursive: true, force: true });
});

const call = async (...argv: readonly string[]): Promise<CliResult> =>
  await runCaptured(argv, { cwd, env: { PATH: process.env["PATH"] ?? "", HOOK: secret } });

describe("mahavishnu webhooks", () => {
  it("lists what the configuration has, and no secret", async () => {
    const { stdout, exitCode } = await call("webhooks", "list");
    expect(exitCode).toBe(0);
    expect(stdout.replaceAll(/ +$/gm, "")).toMatchInlineSnapshot(`
      "webhook  direction  state  what
      deploy   incoming   on     starts ship as service:webhook-deploy (standard)
      chat     outgoing   on     run.failed to http://127.0.0.1:9, where tag:edge
      old      outgoing   off    run.finished to https://old.example.test, of ship
      "
    `);
    expect(stdout).not.toMatch(/T0KEN|whsec_/);
  });

  it("tries one, once and now, and keeps what came of it", async () => {
    await using receiver = await startReceiver(secret);
    const taken = await call("webhooks", "test", "chat", "--set", `webhooks.outgoing.chat.url=${receiver.url}`);
    expect([taken.exitCode, taken.stdout]).toEqual([0, "taken  chat answered 204\n"]);
    expect(receiver.messages).toMatchObject([
      { event: { type: "dev.mahavishnu.webhook.test", data: { webhook: "chat" } } },
    ]);
    const refused = await call("webhooks", "test", "chat");
    expect([refused.exitCode, refused.stdout]).toEqual([1, "not taken  chat: the connection was refused\n"]);
    const metadata = await call(
      "webhooks",
      "test",
      "chat",
      "--set",
      "webhooks.outgoing.chat.url=http://169.254.169.254/x",
    );
    expect([metadata.exitCode, metadata.stdout]).toEqual([
      1,
      "not taken  chat: 169.254.169.254 is link-local or a metadata service of a cloud\n",
    ]);
    const { stdout } = await call("webhooks", "deliveries", "--webhook", "chat", "--state", "delivered");
    expect(stdout).toContain(String(receiver.messages[0]?.id));
    expect(stdout).not.toContain("refused");
    const page = await call("webhooks", "deliveries", "--limit", "1");
    expect(page.stderr).toMatch(/^more: --cursor \d+\n$/);
    expect((await call("webhooks", "deliveries", "--cursor", "x")).exitCode).toBe(64);
  });

  it("names what is not there", async () => {
    const { exitCode, stderr } = await call("webhooks", "test", "none");
    expect([exitCode, stderr]).toEqual([64, expect.stringContaining('there is no outgoing webhook "none"')]);
    expect((await call("webhooks", "redeliver", "evt_1")).exitCode).toBe(64);
  });
});

import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { loadConfig } from "./load-config.ts";
import { readSecrets, resolveSecrets, resolveWebhookSecrets } from "./secret-references.ts";
import { showConfig } from "./show-config.ts";
import { withWorkspace } from "./workspace-fixture.ts";

const canary = "Tr0ub4dor-and-3-more-characters";

async function load(text: string, env: Readonly<Record<string, string>> = {}, set: readonly string[] = []) {
  const files = { "mahavishnu.yaml": `version: 1\n${text}\n` };
  return await withWorkspace(files, async (workspace) => await loadConfig({ workspace, env, set }));
}

async function problemOf(...given: Parameters<typeof load>): Promise<Error> {
  return await load(...given).then(
    () => new Error("nothing is wrong"),
    (error: unknown) => error as Error,
  );
}

const both = [
  "webhooks:",
  "  incoming:",
  "    deploy: { workflow: ship, secret: '${env:DEPLOY}', previousSecret: '${env:DEPLOY_OLD}', inputs: { ref: /ref } }",
  "  outgoing:",
  "    chat:",
  "      url: https://chat.example.test/hook?room=1",
  `      secret: ${canary}`,
  "      on: [run.failed]",
].join("\n");

describe("webhooks", () => {
  it("are read with their defaults", async () => {
    const { webhooks } = (await load(both)).config;
    expect(webhooks.incoming["deploy"]).toMatchObject({
      enabled: true,
      workflow: "ship",
      scheme: "standard",
      window: 300_000,
      inputs: { ref: "/ref" },
      secret: { kind: "env", name: "DEPLOY" },
    });
    expect(webhooks.outgoing["chat"]).toMatchObject({
      on: ["run.failed"],
      timeout: 10_000,
      attempts: 15,
      workflows: [],
    });
    expect((await load("")).config.webhooks).toEqual({ incoming: {}, outgoing: {} });
  });

  it("keep their secrets: nothing prints one, plain text is a finding, and no step inherits the variable", async () => {
    const loaded = await load(both);
    expect(JSON.stringify(showConfig(loaded)) + inspect(loaded, { depth: 12 })).not.toContain("Tr0ub4dor");
    expect(loaded.plainTextSecrets.map(({ path }) => path)).toEqual(["webhooks.outgoing.chat.secret"]);
    expect(loaded.secretVariables).toEqual(["DEPLOY", "DEPLOY_OLD"]);
    const outcomes = await readSecrets(loaded, {});
    expect(outcomes.map(({ path, result }) => [path, result.ok])).toEqual([
      ["webhooks.incoming.deploy.secret", false],
      ["webhooks.incoming.deploy.previousSecret", false],
      ["webhooks.outgoing.chat.secret", true],
    ]);
  });

  it("have secrets that only they ask for", async () => {
    const loaded = await load(both);
    expect((await resolveSecrets(loaded, {})).named.size).toBe(0);
    expect(() => resolveWebhookSecrets(loaded, {}, "incoming")).toThrow(/webhooks\.incoming\.deploy\.secret/);
    const found = resolveWebhookSecrets(loaded, { DEPLOY: "new", DEPLOY_OLD: "old" }, "incoming");
    expect(found.get("deploy")?.map((secret) => secret.reveal())).toEqual(["new", "old"]);
    expect(resolveWebhookSecrets(loaded, {}, "outgoing").get("chat")?.length).toBe(1);
  });

  it("may be put together from several layers", async () => {
    const env = { MAHAVISHNU_WEBHOOKS__INCOMING__deploy__SECRET: "${env:DEPLOY}", DEPLOY: "x" };
    const { config, origins } = await load("", env, ["webhooks.incoming.deploy.workflow=ship"]);
    expect(config.webhooks.incoming["deploy"]).toMatchObject({ workflow: "ship", secret: { name: "DEPLOY" } });
    expect(origins.get("webhooks.incoming.deploy.secret")).toMatchObject({ layer: "environment" });
    expect(origins.get("webhooks.incoming.deploy.window")).toEqual({ layer: "default" });
  });

  it.each([
    [
      "webhooks: { incoming: { deploy: { secret: '${env:X}' } } }",
      '"webhooks.incoming.deploy.workflow" is required here',
    ],
    ["webhooks: { outgoing: { chat: { url: 'https://a.test' } } }", '"webhooks.outgoing.chat.secret" is required here'],
    ["webhooks: { outgoing: { chat: { url: 'ftp://a.test' } } }", "a url is http: or https:"],
    ["webhooks: { outgoing: { chat: { url: 'https://u:p@a.test' } } }", "without user and password"],
    ["webhooks: { outgoing: { chat: { on: [run.exploded] } } }", "run.exploded"],
    ["webhooks: { incoming: { 'a b': {} } }", "the name of a webhook is a letter"],
    ["webhooks: { outgoing: { chat: { where: dirty } } }", "cannot decide about access"],
  ])("that are wrong say so: %s", async (text, message) => {
    expect((await problemOf(text)).message).toContain(message);
  });

  it("say what is missing where a variable or a flag has made them, too", async () => {
    const env = { MAHAVISHNU_WEBHOOKS__INCOMING__deploy__SECRET: "${env:DEPLOY}" };
    expect((await problemOf("", env)).message).toContain('"webhooks.incoming.deploy.workflow" is required here');
    expect((await problemOf("", {}, ["webhooks.outgoing.chat.timeout=1s"])).message).toContain(
      '"webhooks.outgoing.chat.url" is required here',
    );
  });

  it.each([
    `webhooks: { incoming: { deploy: { secrte: ${canary} } } }`,
    `webhooks: { incoming: { deploy: { workflow: 5, secret: ${canary} } } }`,
    `webhooks:\n  outgoing:\n    chat: { secret: [${canary}] }`,
    `webhooks: ${canary}`,
    `webhooks: { incoming: ${canary} }`,
    `webhooks: { incoming: { deploy: ${canary} } }`,
  ])("never show a secret in a message: %j", async (text) => {
    const error = await problemOf(text);
    expect(error.message).not.toBe("nothing is wrong");
    expect(inspect(error, { depth: 9 })).not.toContain("Tr0ub4dor");
  });
});

import { describe, expect, it } from "vitest";
import { loadConfig } from "./load-config.ts";
import { withWorkspace } from "./workspace-fixture.ts";

async function load(entry: string): Promise<readonly string[]> {
  const text = `version: 1\nserver: { trustProxy: [10.0.0.1, ${JSON.stringify(entry)}] }\n`;
  return await withWorkspace({ "mahavishnu.yaml": text }, async (workspace) => {
    return (await loadConfig({ workspace, env: {}, set: [] })).config.server.trustProxy;
  });
}

describe("server.trustProxy", () => {
  it.each(["127.0.0.1", "10.0.4.0/24", "192.168.255.255/32", "::1", "fd00::/64", "::ffff:10.0.0.9", "2001:DB8::1/128"])(
    "takes %s",
    async (entry) => {
      expect(await load(entry)).toEqual(["10.0.0.1", entry]);
    },
  );

  it.each([
    "",
    "*",
    "true",
    "loopback",
    "proxy.example.test",
    "10.0.0",
    "10.0.0.256",
    "010.0.0.1",
    "10.0.0.1/33",
    "0.0.0.0/0",
    "::/0",
    "10.0.0.1/",
    "10.0.0.1, 10.0.0.2",
    "1:2:3",
    "::1::",
    "fd00::/129",
    "fe80::1%eth0",
    "[::1]",
    "12345::",
  ])("refuses %j, with its place", async (entry) => {
    await expect(load(entry)).rejects.toThrow(/mahavishnu\.yaml:2:\d+/);
  });
});

import { hostname } from "node:os";
import { lookup } from "node:dns/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadConfig } from "../config/load-config.ts";
import { withWorkspace } from "../config/workspace-fixture.ts";
import { choosePlace, isLoopback, type ListenPlace } from "./choose-place.ts";

async function choose(config: string): Promise<ListenPlace> {
  return await withWorkspace({ "mahavishnu.yaml": `version: 1\n${config}` }, async (workspace) => {
    const loaded = await loadConfig({ workspace, env: {}, set: [] });
    return await choosePlace({ loaded });
  });
}

describe("where a server listens", () => {
  it.each(["127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1"])("takes %s without more", async (host) => {
    expect(await choose(`auth: { enabled: false }\nserver: { host: "${host}" }\n`)).toEqual({
      address: host,
      isLoopback: true,
    });
  });

  it("takes a name for what it leads to, and listens there", async () => {
    const { address, isLoopback: isOwn } = await choose("auth: { enabled: false }\nserver: { host: localhost }\n");
    expect([address, isOwn]).toEqual([(await lookup("localhost", { order: "ipv4first" })).address, true]);
  });

  it.each(["0.0.0.0", "::", "10.0.0.9", "169.254.1.1", "fe80::1", "::ffff:10.0.0.9", "128.0.0.1"])(
    "refuses %s without authentication and TLS",
    async (host) => {
      await expect(choose(`auth: { enabled: false }\nserver: { host: "${host}" }\n`)).rejects.toMatchObject({
        code: "SERVER_REFUSED",
        message: `server.host ${host} can be reached from other machines, and that needs auth.enabled: true and server.tls`,
      });
      await expect(choose(`auth: { enabled: true }\nserver: { host: "${host}" }\n`)).rejects.toThrow(
        /needs server\.tls$/,
      );
      const tls = "tls: { cert: a.crt, key: a.key }";
      await expect(choose(`auth: { enabled: false }\nserver: { host: "${host}", ${tls} }\n`)).rejects.toThrow(
        /needs auth\.enabled: true$/,
      );
      expect(await choose(`auth: { enabled: true }\nserver: { host: "${host}", ${tls} }\n`)).toEqual({
        address: host,
        isLoopback: false,
      });
    },
  );

  it("refuses to stand behind a proxy without authentication: whoever asks would be the owner", async () => {
    const server = "server: { trustProxy: [127.0.0.1] }\n";
    await expect(choose(`auth: { enabled: false }\n${server}`)).rejects.toMatchObject({ code: "SERVER_REFUSED" });
    expect(await choose(`auth: { enabled: true }\n${server}`)).toMatchObject({ isLoopback: true });
  });

  it("judges this machine's own name by its address", async () => {
    const { address } = await lookup(hostname(), { order: "ipv4first" });
    const chosen = choose(`auth: { enabled: false }\nserver: { host: "${hostname()}" }\n`);
    const outcome = await chosen.catch((error: unknown) => (error as Error).message);
    const refusal = expect.stringContaining(`${hostname()} (${address}) can be reached`) as unknown;
    expect(outcome).toEqual(isLoopback(address) ? { address, isLoopback: true } : refusal);
  });

  it("refuses a name that leads nowhere, and half a certificate", async () => {
    await expect(choose("server: { host: no.such.host.invalid }\n")).rejects.toMatchObject({ code: "SERVER_REFUSED" });
    await expect(choose(`server: { tls: { cert: ${join("a", "b.crt")} } }\n`)).rejects.toThrow(/needs both/);
  });
});

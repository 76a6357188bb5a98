import { rename, writeFile } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { Agent, request as requestHttps } from "node:https";
import { join } from "node:path";
import { connect as connectTls, type DetailedPeerCertificate, type TLSSocket } from "node:tls";
import { once } from "node:events";
import { describe, expect, it, vi } from "vitest";
import { makeUntrustedCertificate } from "../readiness/acting/make-certificate.ts";
import { withFolder } from "../store/store-fixture.ts";
import { sendRaw } from "./http/raw-socket-fixture.ts";
import { startTestServer, type TestServer, tlsFiles } from "./server-fixture.ts";
import { openTls } from "./tls.ts";

interface Answer {
  readonly status: number | undefined;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly serial: string;
  readonly localPort: number | undefined;
}

async function ask({ url }: TestServer, ca: string, agent: Agent = new Agent({ keepAlive: false })): Promise<Answer> {
  const request = requestHttps(`${url}/openapi.json`, { ca, agent });
  request.end();
  const [response] = (await once(request, "response")) as [IncomingMessage];
  const socket = response.socket as TLSSocket;
  const { serialNumber }: DetailedPeerCertificate = socket.getPeerCertificate(true);
  const { localPort } = socket;
  response.resume();
  await once(response, "end");
  return { status: response.statusCode, headers: response.headers, serial: serialNumber, localPort };
}

async function replace({ workspace }: TestServer, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await writeFile(join(workspace, "new.pem"), text);
    await rename(join(workspace, "new.pem"), join(workspace, name));
  }
}

describe("a server with a certificate", () => {
  it("speaks TLS 1.2 and newer with strong ciphers, and says that browsers shall do so too", async () => {
    await using server = await startTestServer({ tls: true });
    const { status, headers } = await ask(server, server.ca);
    expect(status).toBe(200);
    expect(headers["strict-transport-security"]).toBe("max-age=31536000");
    const shake = async (options: object): Promise<string> => {
      const socket = connectTls({ port: server.port, host: "127.0.0.1", ca: server.ca, ...options });
      try {
        await once(socket, "secureConnect");
        return `${socket.getProtocol()} ${socket.getCipher().name}`;
      } catch (error) {
        return `refused: ${(error as NodeJS.ErrnoException).code}`;
      } finally {
        socket.destroy();
      }
    };
    expect(await shake({})).toMatch(/^TLSv1\.3 /);
    expect(await shake({ maxVersion: "TLSv1.2" })).toMatch(/^TLSv1\.2 ECDHE-ECDSA-/);
    const old = { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "ALL:@SECLEVEL=0" };
    expect(await shake(old)).toMatch(/^refused/);
    for (const ciphers of ["ECDHE-ECDSA-AES128-SHA256", "ECDHE-ECDSA-AES128-SHA"]) {
      expect(await shake({ maxVersion: "TLSv1.2", ciphers: `${ciphers}:@SECLEVEL=0` })).toMatch(/^refused/);
    }
  });

  it("ends a connection that speaks no TLS, and goes on", async () => {
    await using server = await startTestServer({ tls: true });
    const answer = await sendRaw(server.port, "GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n");
    expect(answer).not.toContain("HTTP/1.1");
    expect((await ask(server, server.ca)).status).toBe(200);
  });

  it("serves a new certificate to new connections and keeps those that are there; a broken one changes nothing", async () => {
    await using server = await startTestServer({ tls: true });
    using agent = { it: new Agent({ keepAlive: true, maxSockets: 1 }), [Symbol.dispose]: () => agent.it.destroy() };
    const first = await ask(server, server.ca, agent.it);
    await replace(server, { [tlsFiles.cert]: "no certificate" });
    await vi.waitFor(() => expect(server.notices).toHaveLength(1), { timeout: 30_000 });
    expect(server.notices[0]).toMatch(
      /^the new certificate is not served, the old one still is, error .*server\.crt holds no/,
    );
    expect((await ask(server, server.ca)).serial).toBe(first.serial);
    const { cert, key } = makeUntrustedCertificate();
    await replace(server, { [tlsFiles.cert]: cert, [tlsFiles.key]: key });
    await vi.waitFor(() => expect(server.notices.at(-1)).toMatch(/has changed and is served/), { timeout: 30_000 });
    expect((await ask(server, cert)).serial).not.toBe(first.serial);
    const kept = await ask(server, server.ca, agent.it);
    expect([kept.localPort, kept.serial]).toEqual([first.localPort, first.serial]);
  });

  it("is not started with files that cannot serve, and names the one at fault", async () => {
    const [one, other] = [makeUntrustedCertificate(), makeUntrustedCertificate()];
    await withFolder(async (folder) => {
      const [cert, key] = [join(folder, "a.crt"), join(folder, "a.key")];
      const outcome = async (): Promise<unknown> =>
        await openTls({ cert, key }).then(
          () => "served",
          ({ code, message }: { code: string; message: string }) => `${code}: ${message}`,
        );
      expect(await outcome()).toContain(`SERVER_REFUSED: ${cert} cannot be read`);
      await writeFile(cert, "nonsense");
      expect(await outcome()).toContain(`SERVER_REFUSED: ${key} cannot be read`);
      await writeFile(key, "nonsense");
      expect(await outcome()).toContain(`SERVER_REFUSED: ${cert} holds no certificate`);
      await writeFile(cert, one.cert);
      expect(await outcome()).toContain(`SERVER_REFUSED: ${key} holds no private key`);
      await writeFile(key, other.key);
      expect(await outcome()).toBe(`SERVER_REFUSED: ${key} is not the key of the certificate ${cert}`);
      await writeFile(key, one.key);
      expect(await outcome()).toBe("served");
    });
    const files = { [tlsFiles.key]: other.key };
    await expect(startTestServer({ tls: true, files })).rejects.toMatchObject({ code: "SERVER_REFUSED" });
  });
});

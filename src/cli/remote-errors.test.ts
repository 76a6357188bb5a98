import { createServer as createTlsServer } from "node:https";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { type Connection, parseServerUrl, parseToken, send } from "../client/connection.ts";
import { MahavishnuError } from "../lib/errors.ts";
import { makeUntrustedCertificate } from "../readiness/acting/make-certificate.ts";
import { startTestServer } from "../server/server-fixture.ts";

/** What goes wrong when a server is asked: the code, the message and the fix. */
async function failureOf(url: string, token?: string): Promise<{ code: string; message: string; fix: string }> {
  const connection: Connection = { url: parseServerUrl(url), token, signal: new AbortController().signal };
  try {
    await send(connection, { method: "GET", path: "/v1/runs" });
  } catch (error) {
    if (!(error instanceof MahavishnuError)) throw error;
    const { code, message, fix } = error;
    return { code, message, fix };
  }
  throw new Error("it did not fail");
}

describe("a server that cannot be asked", () => {
  it("is told by its address, with what to do on this side", async () => {
    await using server = await startTestServer();
    // Directly: each of these requests is one that the document does not allow.
    const { directUrl: url } = server;
    expect(await failureOf(url)).toEqual({
      code: "UNAUTHENTICATED",
      message: `${url} wants a token, and MAHAVISHNU_TOKEN is not set`,
      fix: "Set MAHAVISHNU_TOKEN to a token of `mahavishnu token create`.",
    });
    expect(await failureOf(url, "e30.e30.AA")).toMatchObject({
      code: "UNAUTHENTICATED",
      message: `${url} does not take the token in MAHAVISHNU_TOKEN: it is not valid there`,
    });
    expect(await failureOf(url.replace("http:", "https:"))).toMatchObject({
      code: "SERVER_UNREACHABLE",
      message: expect.stringMatching(/does not speak TLS \(ERR_SSL_WRONG_VERSION_NUMBER\)$/) as string,
      fix: expect.stringContaining("http:") as string,
    });
    const token = await server.token("user:vera");
    expect(await failureOf(`${url}/v1/`, token)).toEqual({
      code: "NOT_FOUND",
      message: `there is no API of mahavishnu below ${url}/v1/`,
      fix: `Give the address without the path: ${url}`,
    });
  });

  it("is told to have a certificate of an unknown authority, or an https: address", async () => {
    const { cert, key } = makeUntrustedCertificate();
    const server = createTlsServer({ cert, key }, (_request, response) => response.end());
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const at = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      expect(await failureOf(`https://${at}`)).toMatchObject({
        code: "SERVER_UNREACHABLE",
        message: expect.stringContaining("an authority that is not known here") as string,
        fix: expect.stringContaining("NODE_EXTRA_CA_CERTS=FILE") as string,
      });
      expect((await failureOf(`http://${at}`)).fix).toContain("https: address");
    } finally {
      server.close();
    }
    const { message } = await failureOf(`http://${at}`);
    expect(message).toBe(`http://${at} cannot be reached: connect ECONNREFUSED ${at}`);
    // A name of several addresses fails once for each of them; the first is told.
    expect((await failureOf(`http://${at.replace("127.0.0.1", "localhost")}`)).message).toMatch(
      /: connect ECONNREFUSED/,
    );
  });
});

describe("the token of the environment", () => {
  it("is taken without the spaces around it, and none is no fault", () => {
    expect(parseToken(" e30.e30-_.AA== \n")).toBe("e30.e30-_.AA==");
    expect(parseToken(" ")).toBeUndefined();
  });

  it.each(["Bearer e30.secret", '"secret"', "secret\nsecret", "secret☃", "secreté"])(
    "is told to be none: %j",
    (text) => {
      const read = (): unknown => parseToken(text);
      expect(read).toThrow(expect.objectContaining({ code: "USAGE" }) as Error);
      // A secret must not come to a terminal or the log of a pipeline.
      expect(read).not.toThrow("secret");
    },
  );
});

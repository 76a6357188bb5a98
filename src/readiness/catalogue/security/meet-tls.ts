import { connect, type ConnectionOptions } from "node:tls";
import { messageOf } from "../../../lib/errors.ts";
import { actInScratch } from "../../acting/act-in-scratch.ts";
import { expectMet } from "../../acting/unmet.ts";
import type { CheckContext } from "../../context.ts";
import type { Outcome } from "../../types.ts";
import { ServeEnded, startServe } from "./scratch-server.ts";

/** Older protocols and weak keys are tried although this machine's own library would not: the server's refusal counts. */
const anything = "ALL:@SECLEVEL=0";

const good: readonly (readonly [what: string, options: ConnectionOptions])[] = [
  ["TLS 1.3", { minVersion: "TLSv1.3", maxVersion: "TLSv1.3" }],
  ["TLS 1.2", { minVersion: "TLSv1.2", maxVersion: "TLSv1.2" }],
];

const bad: readonly (readonly [what: string, options: ConnectionOptions])[] = [
  ["TLS 1.1", { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: anything }],
  ["a cipher without forward secrecy", { maxVersion: "TLSv1.2", ciphers: "AES128-SHA:AES256-SHA:@SECLEVEL=0" }],
];

/** Serves scratch space with a certificate, and tries what must be taken and what must be refused. */
export async function meetTls(
  context: CheckContext,
  { cert, key }: { readonly cert: string; readonly key: string },
): Promise<Outcome> {
  return await actInScratch(context, "sec002", async (act) => {
    const config = { server: { port: 0, drain: "0s", tls: { cert, key } } };
    const workspace = await act.workspace({ repositories: [], workflows: {}, config });
    const served = await startServe(act, workspace, []).catch((error: unknown) => {
      if (error instanceof ServeEnded) return error;
      throw error;
    });
    if (served instanceof ServeEnded) {
      return { status: "fail", reason: "the server cannot serve with server.tls", observed: served.said.slice(0, 300) };
    }
    const port = Number(new URL(served.url).port);
    const shaken: string[] = [];
    for (const [what, options] of good) {
      const { protocol, failure } = await shakeHands(port, options);
      expectMet(protocol !== null, `${what} is refused`, { observed: failure });
      shaken.push(protocol);
    }
    for (const [what, options] of bad) {
      const { protocol } = await shakeHands(port, options);
      expectMet(protocol === null, `${what} is taken`, { expected: "TLS 1.2 or newer", observed: protocol ?? "" });
    }
    const plain = await fetch(`http://127.0.0.1:${port}/openapi.json`, { signal: act.signal }).catch(() => null);
    expectMet(plain === null || !plain.ok, "the port answers in plain text too", { observed: `${plain?.status}` });
    return {
      status: "pass",
      reason: `${shaken.join(" and ")} are taken; TLS 1.1, a cipher without forward secrecy and plain HTTP are refused`,
    };
  });
}

interface Handshake {
  readonly protocol: string | null;
  readonly failure: string;
}

/** Whom the certificate names is another check's question. */
async function shakeHands(port: number, options: ConnectionOptions): Promise<Handshake> {
  const { promise, resolve } = Promise.withResolvers<Handshake>();
  try {
    const socket = connect({ host: "127.0.0.1", port, rejectUnauthorized: false, ...options });
    socket.once("secureConnect", () => {
      resolve({ protocol: socket.getProtocol(), failure: "" });
      socket.destroy();
    });
    socket.once("error", (error: Error) => resolve({ protocol: null, failure: error.message }));
    socket.setTimeout(5_000, () => socket.destroy(new Error("no answer")));
  } catch (error) {
    resolve({ protocol: null, failure: messageOf(error) });
  }
  return await promise;
}

import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import type { Server, ServerOptions } from "node:https";
import { createSecureContext } from "node:tls";
import { MahavishnuError, messageOf, toError } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";

/** Where certificate and key lie, absolute. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
}

/** Forward secrecy and authenticated encryption alone; of TLS 1.3 all there is. */
const ciphers = [
  "TLS_AES_256_GCM_SHA384",
  "TLS_CHACHA20_POLY1305_SHA256",
  "TLS_AES_128_GCM_SHA256",
  "ECDHE-ECDSA-AES256-GCM-SHA384",
  "ECDHE-RSA-AES256-GCM-SHA384",
  "ECDHE-ECDSA-CHACHA20-POLY1305",
  "ECDHE-RSA-CHACHA20-POLY1305",
  "ECDHE-ECDSA-AES128-GCM-SHA256",
  "ECDHE-RSA-AES128-GCM-SHA256",
].join(":");

const lookEveryMs = 1_000;

/** The certificate of a server. */
export interface Tls {
  readonly options: ServerOptions;
  /**
   * Looks each second whether the files have changed, and serves new connections with the new ones; those that are there stay. A pair
   * that cannot be served leaves the old one in place, and is told of once.
   *
   * @param log is told what happened.
   */
  watch(server: Server, log: Log): Disposable;
}

/**
 * Reads a certificate and its key, and makes sure that they can serve.
 *
 * @throws MahavishnuError SERVER_REFUSED that names the file.
 */
export async function openTls(files: TlsFiles): Promise<Tls> {
  // Before they are read: what is written meanwhile is a change.
  const mark = await markOf(files);
  const options = await readTls(files);
  return { options, watch: (server, log) => watchTls(server, files, mark, log) };
}

async function readTls(files: TlsFiles): Promise<ServerOptions> {
  const cert = await readPem(files.cert);
  const key = await readPem(files.key);
  const certificate = attempt(files.cert, "holds no certificate in PEM", () => new X509Certificate(cert));
  const privateKey = attempt(files.key, "holds no private key in PEM without a passphrase", () =>
    createPrivateKey(key),
  );
  if (!certificate.checkPrivateKey(privateKey)) {
    throw new MahavishnuError("SERVER_REFUSED", `${files.key} is not the key of the certificate ${files.cert}`, {
      fix: "Name the key that the certificate was made for under server.tls.key; the server's own certificate comes first in its file.",
    });
  }
  const options: ServerOptions = { cert, key, minVersion: "TLSv1.2", ciphers, honorCipherOrder: true };
  attempt(files.cert, "cannot be served", () => createSecureContext(options));
  return options;
}

function watchTls(server: Server, files: TlsFiles, first: string, log: Log): Disposable {
  let served = first;
  let seen = first;
  let isLooking = false;

  const look = async (): Promise<void> => {
    const mark = await markOf(files);
    // Two files are never written at the same time: they count when they have stayed as they are for a second.
    const isSettled = mark === seen;
    seen = mark;
    if (mark === served || !isSettled) return;
    served = mark;
    try {
      server.setSecureContext(await readTls(files));
      log.info("the certificate has changed and is served from now on", { file: files.cert });
    } catch (error) {
      log.error("the new certificate is not served, the old one still is", { error: toError(error) });
    }
  };

  const timer = setInterval(() => {
    if (isLooking) return;
    isLooking = true;
    void look().finally(() => (isLooking = false));
  }, lookEveryMs).unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/** What changes with a pair of files; links are followed, since that is how some change both files at once. */
async function markOf({ cert, key }: TlsFiles): Promise<string> {
  const facts = await Promise.all(
    [cert, key].map(async (file) => {
      const { mtimeMs, size, ino } = await stat(file);
      return [mtimeMs, size, ino];
    }),
  ).catch(() => "missing");
  return JSON.stringify(facts);
}

async function readPem(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    throw new MahavishnuError("SERVER_REFUSED", `${file} cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

function attempt<T>(file: string, what: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw new MahavishnuError("SERVER_REFUSED", `${file} ${what}: ${messageOf(error)}`, { cause: error });
  }
}

import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { GitError } from "../../../repositories/git-error.ts";
import { gitEnvironment, runGit } from "../../../repositories/run-git.ts";
import { type Act, actInScratch } from "../../acting/act-in-scratch.ts";
import { makeUntrustedCertificate } from "../../acting/make-certificate.ts";
import { readRunDocument } from "../../acting/run-document.ts";
import { expectMet } from "../../acting/unmet.ts";
import type { ScratchWorkspace } from "../../acting/scratch-workspace.ts";
import type { CheckContext } from "../../context.ts";
import type { Outcome } from "../../types.ts";

/** A server on this machine whose certificate nobody should trust. */
interface UntrustedServer extends AsyncDisposable {
  readonly url: string;
  /** Its certificate, for those that are to trust it all the same. */
  readonly certificateFile: string;
  /** Connections and requests since this was last asked. */
  count(): { readonly connections: number; readonly requests: number };
}

/** A client of the product: goes to a url, by default as the user's environment says, or trusting a certificate. */
interface Client {
  readonly name: string;
  /** False when it speaks no TLS at all. */
  visit(url: string, trusted?: string): Promise<boolean>;
}

/** Lets each client of the product meet a server with an untrusted certificate: it must not say a word to it. */
export async function meetUntrustedServer(context: CheckContext): Promise<Outcome> {
  return await actInScratch(context, "sec005", async (act) => {
    const workspace = await act.workspace({
      repositories: [],
      workflows: {
        asking: {
          inputs: { url: { type: "string" } },
          jobs: {
            ask: {
              steps: [
                { id: "ask", uses: "http/request", with: { url: "${{ inputs.url }}", timeout: "10s" }, retry: 1 },
              ],
            },
          },
        },
      },
    });
    await using server = await openServer(act);
    const clients = [requestClient(act, workspace), gitClient(act)];
    const met: string[] = [];
    for (const { name, visit } of clients) {
      if (!(await visit(server.url))) continue;
      met.push(name);
      const refused = server.count();
      expectMet(refused.requests === 0, `${name} talks to a server whose certificate nobody trusts`, {
        expected: "no request",
        observed: `${refused.requests} requests`,
        remediation: { text: "Find out what switches the check of certificates off for it, and take that away." },
      });
      expectMet(refused.connections > 0, `${name} did not reach the server, so nothing is known`, {
        observed: "no connection",
      });
      // Otherwise it may have stayed away for another reason.
      await visit(server.url, server.certificateFile);
      expectMet(server.count().requests > 0, `${name} refuses even a certificate that it was told to trust`);
    }
    return { status: "pass", reason: `${met.join(" and ")} refuse a certificate that nobody trusts` };
  });
}

async function openServer(act: Act): Promise<UntrustedServer> {
  const { cert, key } = makeUntrustedCertificate();
  const certificateFile = join(act.scratch.folder, "untrusted.pem");
  await writeFile(certificateFile, cert);
  let connections = 0;
  let requests = 0;
  const server = createServer({ cert, key }, (_request, response) => {
    requests += 1;
    response.end("read");
  });
  server.on("connection", () => (connections += 1));
  // A client that refuses the certificate ends the handshake: that is what is hoped for.
  server.on("tlsClientError", () => undefined);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `https://127.0.0.1:${port}/`,
    certificateFile,
    count: () => {
      const counts = { connections, requests };
      connections = requests = 0;
      return counts;
    },
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** A proxy would be the one to be trusted, and is not asked about. */
const direct = { NO_PROXY: "127.0.0.1", no_proxy: "127.0.0.1" };

function requestClient(act: Act, workspace: ScratchWorkspace): Client {
  return {
    name: "http/request",
    visit: async (url, trusted) => {
      const env = { ...direct, ...(trusted === undefined ? {} : { NODE_EXTRA_CA_CERTS: trusted }) };
      readRunDocument(await act.call(workspace, ["run", "asking", "-i", `url=${url}`, "-o", "json"], { env }));
      return true;
    },
  };
}

function gitClient(act: Act): Client {
  return {
    name: "git",
    visit: async (url, trusted) => {
      const trust = trusted === undefined ? {} : { GIT_SSL_CAINFO: trusted };
      const env = { ...gitEnvironment({ ...act.context.environment }), ...direct, ...trust };
      const folder = join(act.scratch.folder, "git");
      await mkdir(folder, { recursive: true });
      try {
        await runGit({
          folder,
          args: ["ls-remote", `${url}repository.git`],
          env,
          signal: act.signal,
          timeoutMs: 10_000,
        });
      } catch (error) {
        // There is no repository there, so git fails in any case; what counts is how far it went.
        if (!(error instanceof GitError)) throw error;
        return !error.stderr.includes("remote-https");
      }
      return true;
    },
  };
}

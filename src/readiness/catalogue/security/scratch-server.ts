import { randomBytes } from "node:crypto";
import { loadConfig } from "../../../config/load-config.ts";
import { issueToken } from "../../../access/issue-token.ts";
import { openApp } from "../../../app/open-app.ts";
import { openIssuer } from "../../../app/open-identity.ts";
import { newTokenId } from "../../../lib/ids.ts";
import type { Act } from "../../acting/act-in-scratch.ts";
import type { StartedCli } from "../../acting/call-cli.ts";
import { expectMet } from "../../acting/unmet.ts";
import type { ScratchWorkspace } from "../../acting/scratch-workspace.ts";

/** Sends a request; a test hands in one that goes wrong. */
export type Send = (url: string, init: RequestInit) => Promise<Response>;

/** What was answered. */
export interface Answer {
  readonly status: number;
  /** Null when it is no JSON. */
  readonly body: unknown;
}

/** A request to the scratch server. */
export interface Question {
  readonly method?: string;
  readonly token?: string;
  readonly body?: unknown;
}

/** The shipped `serve` on a workspace of its own, with the user's settings of tokens and a secret of its own. */
export interface ScratchServer {
  readonly url: string;
  readonly workspace: ScratchWorkspace;
  /** Of a subject with the role admin. */
  readonly admin: string;
  ask(path: string, question?: Question): Promise<Answer>;
  /** Makes a token as the admin, over HTTP. */
  token(rights: { readonly subject: string; readonly role?: string; readonly where?: string }): Promise<string>;
  /** Makes a token with the keys of this server that no command would make: for another audience, or as of another time. */
  forge(subject: string, changes: { readonly audience?: string; readonly now?: number }): Promise<string>;
}

/** Who the admin of a scratch server is. */
export const admin = "user:readiness-admin";

/** Starts the server, and waits until it answers. It ends with its act. */
export async function startScratchServer(act: Act, send: Send): Promise<ScratchServer> {
  const { auth } = (await act.context.config()).config;
  const { algorithm, issuer, audience, tokenTtl } = auth;
  const workspace = await act.workspace({
    repositories: ["inside", "outside"],
    manifest: { inside: { tags: ["team/mine"] }, outside: { tags: ["team/theirs"] } },
    workflows: { touch: { jobs: { work: { sweep: {}, checkout: "inPlace", steps: [{ id: "touch", run: "true" }] } } } },
    config: {
      auth: {
        enabled: true,
        secret: randomBytes(32).toString("hex"),
        algorithm,
        issuer,
        audience,
        tokenTtl: `${tokenTtl}ms`,
      },
      // Its questions come faster than anybody's.
      server: { port: 0, requestsPerMinute: 1_000_000, drain: "0s" },
      access: { bindings: [{ subject: admin, role: "admin" }] },
    },
  });
  const made = await act.call(workspace, ["token", "create", "--subject", admin, "-o", "json"]);
  expectMet(made.exitCode === 0, "no token could be made", { observed: `${made.stdout}${made.stderr}`.slice(0, 300) });
  const { token } = JSON.parse(made.stdout) as { readonly token: string };
  const { url } = await startServe(act, workspace, []);
  const ask = async (path: string, { method = "GET", token: shown, body }: Question = {}): Promise<Answer> => {
    const response = await send(`${url}${path}`, {
      method,
      headers: {
        ...(shown === undefined ? {} : { authorization: `Bearer ${shown}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: act.signal,
    });
    const text = await response.text();
    return { status: response.status, body: parse(text) };
  };
  return {
    url,
    workspace,
    admin: token,
    ask,
    token: async (rights) => {
      const answer = await ask("/v1/tokens", { method: "POST", token, body: rights });
      expectMet(answer.status === 201, "the admin could not make a token", { observed: JSON.stringify(answer) });
      return (answer.body as { readonly token: string }).token;
    },
    forge: async (subject, { audience: other, now }) => {
      const loaded = await loadConfig({ workspace: workspace.folder, env: {}, set: [] });
      await using app = openApp({ loaded, env: {} });
      const parts = await openIssuer(app);
      const rights = { subject, name: null, role: "admin", scope: null, createdBy: admin };
      const request = { id: newTokenId(), ttlMs: 60_000, ...rights };
      const changed = { ...parts, audience: other ?? parts.audience, now: () => now ?? Date.now() };
      return (await issueToken(request, changed)).text;
    },
  };
}

/** A `serve` that answers. */
export interface Served {
  readonly url: string;
  readonly started: StartedCli;
}

/** Starts `serve`. @throws Error when it ends before it is ready, with what it said. */
export async function startServe(act: Act, workspace: ScratchWorkspace, set: readonly string[]): Promise<Served> {
  const ready = Promise.withResolvers<string>();
  const args = ["serve", ...set.flatMap((pair) => ["--set", pair]), "-o", "ndjson"];
  const started = await act.start(workspace, args, {
    onLine: (line) => {
      const { type, url } = parse(line) as { readonly type?: string; readonly url?: string };
      if (type === "ready" && url !== undefined) ready.resolve(url);
    },
  });
  const ended = started.ended.then(({ exitCode, stdout, stderr }) => {
    throw new ServeEnded(exitCode, `${stdout}${stderr}`.trim());
  });
  return { url: await Promise.race([ready.promise, ended]), started };
}

/** `serve` has ended instead of serving. */
export class ServeEnded extends Error {
  override readonly name = "ServeEnded";
  readonly said: string;

  constructor(exitCode: number | null, said: string) {
    super(`serve ended with ${exitCode}: ${said.slice(0, 300)}`);
    this.said = said;
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

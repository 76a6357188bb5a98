import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { issueToken } from "../../src/access/issue-token.ts";
import { openApp } from "../../src/app/open-app.ts";
import { openIssuer } from "../../src/app/open-identity.ts";
import { loadConfig } from "../../src/config/load-config.ts";
import { newTokenId } from "../../src/lib/ids.ts";
import { type ApiProxy, startApiProxy } from "./api-proxy.ts";
import { stagePackage } from "./staged-package.ts";

/** The command, from a build of its own. */
export const serveCommand = join(await stagePackage(), "bin/mahavishnu.js");

/** A `mahavishnu serve` of its own process. */
export class ServeProcess implements AsyncDisposable {
  /** Where tests ask: what stands there compares with the OpenAPI document, and makes disposing fail for what that does not allow. */
  url = "";
  /** Where it answers itself, for what is no request yet. */
  directUrl = "";
  proxy: ApiProxy | null = null;
  stdout = "";
  stderr = "";
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;

  constructor(child: ChildProcess) {
    this.#child = child;
    this.pid = child.pid ?? 0;
    child.stdout?.setEncoding("utf8").on("data", (text: string) => (this.stdout += text));
    child.stderr?.setEncoding("utf8").on("data", (text: string) => (this.stderr += text));
    this.#ended = once(child, "close");
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Its exit code, or the signal that ended it. */
  async exit(): Promise<number | string | null> {
    await this.#ended;
    return this.#child.exitCode ?? this.#child.signalCode;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.signal("SIGKILL");
    await this.#ended;
    const { proxy } = this;
    this.proxy = null;
    await proxy?.[Symbol.asyncDispose]();
  }
}

/** What a workspace of servers differs in. */
export interface ServedOptions {
  /** `server.drain`. */
  readonly drain?: string;
  readonly port?: number;
  readonly host?: string;
}

/** A workspace with workflows, for several servers: a run of `wait` goes on until the file `go` is there. */
export class ServedWorkspace implements Disposable {
  readonly folder = realpathSync(mkdtempSync(join(tmpdir(), "s-")));
  readonly env = {
    PATH: process.env["PATH"],
    HOME: this.folder,
    // What a killed one leaves there goes with the workspace.
    TMPDIR: this.path("tmp"),
    NODE_COMPILE_CACHE: process.env["NODE_COMPILE_CACHE"],
    SERVED_SECRET: "a secret for tests, long enough to count",
  };

  constructor({ drain = "20s", port = 0, host = "127.0.0.1" }: ServedOptions = {}) {
    const config = {
      version: 1,
      server: { port, host, drain },
      auth: { enabled: true, secret: "${env:SERVED_SECRET}" },
      access: { bindings: [{ subject: "user:root", role: "admin" }] },
    };
    this.write("mahavishnu.yaml", JSON.stringify(config));
    this.write("repos.yaml", "version: 1\nrepos: {}\n");
    for (const name of ["tmp", "workflows"]) mkdirSync(this.path(name));
    // Each attempt of a step is a line; what waits ends with the test's own folder too.
    const step = (id: string, more = ""): object => ({ id, run: `echo ${id} >> ${this.path("done")}${more}` });
    const wait = `; until test -e ${this.path("go")} || ! test -d ${this.folder}; do sleep 0.05; done`;
    const steps = [step("before"), step("wait", wait), step("after")];
    for (const [name, list] of Object.entries({ one: [step("one")], wait: steps })) {
      this.write(`workflows/${name}.yaml`, JSON.stringify({ version: 1, name, jobs: { j: { steps: list } } }));
    }
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  write(name: string, text = ""): void {
    writeFileSync(this.path(name), text);
  }

  /** The steps that have been begun, in their order. */
  steps(): readonly string[] {
    try {
      return readFileSync(this.path("done"), "utf8").split("\n").filter(Boolean);
    } catch {
      return [];
    }
  }

  /** Starts the command; its output is to be waited for. */
  spawn(...words: readonly string[]): ServeProcess {
    const args = [serveCommand, "-C", this.folder, ...words];
    return new ServeProcess(spawn(process.execPath, args, { env: this.env, stdio: ["ignore", "pipe", "pipe"] }));
  }

  /** Starts a server, and waits until it is ready. */
  async serve(...words: readonly string[]): Promise<ServeProcess> {
    const server = this.spawn("serve", "-o", "ndjson", ...words);
    const ended = server.exit().then((code) => {
      throw new Error(`the server has ended with ${code}: ${server.stderr}`);
    });
    // Later it may end.
    ended.catch(() => undefined);
    await Promise.race([until(() => server.stdout.includes("\n")), ended]);
    server.directUrl = (JSON.parse(server.stdout) as { readonly url: string }).url;
    server.proxy = await startApiProxy(server.directUrl);
    server.url = server.proxy.url;
    return server;
  }

  /** A token of an hour for somebody who may do everything. */
  async token(): Promise<string> {
    await using app = openApp({
      loaded: await loadConfig({ workspace: this.folder, env: this.env, set: [] }),
      env: this.env,
    });
    const rights = { subject: "user:root", role: null, scope: null, name: null, createdBy: "local:test" };
    return (await issueToken({ ...rights, id: newTokenId(), ttlMs: 3_600_000 }, await openIssuer(app))).text;
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

/** Waits until something is so; the test's own time limit ends it. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await delay(25);
}

/** The API of a server, for somebody with a token. */
export class Api {
  readonly #token: string;

  constructor(token: string) {
    this.#token = token;
  }

  async fetch({ url }: Pick<ServeProcess, "url">, path: string, body?: object): Promise<Response> {
    const headers: Record<string, string> = { authorization: `Bearer ${this.#token}` };
    if (body === undefined) return await fetch(`${url}${path}`, { headers });
    headers["content-type"] = "application/json";
    return await fetch(`${url}${path}`, { method: "POST", headers, body: JSON.stringify(body) });
  }

  async ask<T>(server: Pick<ServeProcess, "url">, path: string, body?: object): Promise<T> {
    const response = await this.fetch(server, path, body);
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }

  async start(server: Pick<ServeProcess, "url">, workflow: string, more: object = {}): Promise<string> {
    return (await this.ask<{ readonly runId: string }>(server, "/v1/runs", { workflow, ...more })).runId;
  }

  async show(server: Pick<ServeProcess, "url">, id: string): Promise<RunShown> {
    return await this.ask(server, `/v1/runs/${id}`);
  }

  /** Waits until a run is in a state. */
  async until(server: Pick<ServeProcess, "url">, id: string, state: string): Promise<RunShown> {
    let run = await this.show(server, id);
    while (run.state !== state) {
      if (["succeeded", "failed", "cancelled"].includes(run.state))
        throw new Error(`run ${id} is ${run.state}: ${run.reason}`);
      await delay(25);
      run = await this.show(server, id);
    }
    return run;
  }
}

/** What tests look at of a run. */
export interface RunShown {
  readonly state: string;
  readonly reason: string;
  readonly owner?: { readonly pid: number } | null;
}

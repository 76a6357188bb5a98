import { once } from "node:events";
import { createServer, type IncomingMessage, request as ask, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { parseEvents } from "../../src/client/server-events.ts";
import { startTestServer, type TestServer, type TestServerRequest } from "../../src/server/server-fixture.ts";
import { type ApiDocument, type DocumentedOperation, listDocumented, SchemaChecker } from "./api-document.ts";
import type { JsonSchema } from "./json-schema-arbitrary.ts";
import { startPrism } from "./prism.ts";

/** A server that is only reached through what rejects everything that its document does not allow. */
export interface ProxiedServer extends AsyncDisposable {
  /** Where the proxy listens: what tests and clients talk to. */
  readonly url: string;
  /** The server behind it; its own `url` is for what the proxy would not let through. */
  readonly server: TestServer;
  /** The document, as the server has told it. */
  readonly document: ApiDocument;
  readonly operations: readonly DocumentedOperation[];
  readonly checker: SchemaChecker;
  /** Names of the operations that have been asked through the proxy and have succeeded. */
  readonly succeeded: ReadonlySet<string>;
  token(subject: string, role?: string | null, where?: string | null): Promise<string>;
  /** Cuts every connection to the proxy, and with it what goes on behind. */
  cutConnections(): void;
  /** What the document did not allow since this was last asked. What nobody asks for makes disposing fail. */
  takeViolations(): string[];
}

/**
 * Starts a server and puts Prism in front of it, which compares each request and each answer with the document that the server itself
 * tells. Prism keeps back an answer until it is whole, so streams go around it; of those each event is compared here.
 *
 * @example
 * await using proxied = await startProxiedServer({ bindings: [{ subject: "user:dana", role: "viewer" }] });
 * await fetch(`${proxied.url}/v1/runs`, { headers: { authorization: `Bearer ${await proxied.token("user:dana")}` } });
 */
export async function startProxiedServer(request: TestServerRequest = {}): Promise<ProxiedServer> {
  await using stack = new AsyncDisposableStack();
  const server = stack.use(await startTestServer(request));
  const document = (await (await fetch(`${server.url}/openapi.json`)).json()) as ApiDocument;
  const prism = stack.use(await startPrism(document, server.url));
  const operations = listDocumented(document);
  const violations: string[] = [];
  const succeeded = new Set<string>();
  const problem = document.components.schemas.Problem;
  const parts: Parts = { server, prism, operations, problem, checker: new SchemaChecker(), violations, succeeded };
  const proxy = createServer((from, to) => void pass(parts, from, to).catch(() => to.destroy()));
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  stack.defer(async () => await closeServer(proxy));
  const kept = stack.move();
  return {
    url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    server,
    document,
    operations,
    checker: parts.checker,
    succeeded,
    token: server.token,
    cutConnections: () => proxy.closeAllConnections(),
    takeViolations: () => violations.splice(0),
    [Symbol.asyncDispose]: async () => {
      await kept.disposeAsync();
      if (violations.length > 0) throw new Error(`the document does not allow:\n${violations.join("\n")}`);
    },
  };
}

async function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}

interface Parts {
  readonly server: TestServer;
  readonly prism: { readonly url: string };
  readonly operations: readonly DocumentedOperation[];
  /** The schema of a failure. */
  readonly problem: JsonSchema;
  readonly checker: SchemaChecker;
  readonly violations: string[];
  readonly succeeded: Set<string>;
}

async function pass(parts: Parts, from: IncomingMessage, to: ServerResponse): Promise<void> {
  const { method = "GET", url = "/", headers } = from;
  const address = new URL(url, "http://proxy");
  const operation = parts.operations.find((each) => each.method === method && fits(each, address.pathname));
  const events = operation?.events ?? null;
  const goesAround = events !== null || !address.pathname.startsWith("/v1/");
  // Prism lets keys pass that the document does not name.
  const names = operation?.parameters.filter((each) => each.in === "query").map(({ name }) => name) ?? [];
  const unknown = [...address.searchParams.keys()].filter((key) => !names.includes(key));
  if (unknown.length > 0) parts.violations.push(`${method} ${url}: query keys ${unknown.join(", ")}`);
  const upstream = goesAround ? parts.server.url : parts.prism.url;
  const onward = ask(new URL(url, upstream), { method, headers: { ...headers, host: new URL(upstream).host } });
  from.pipe(onward);
  // A stream that nobody reads any more is cut behind the proxy too.
  to.once("close", () => onward.destroy());
  const [answer] = (await once(onward, "response")) as [IncomingMessage];
  const { statusCode = 0 } = answer;
  const violation = answer.headers["sl-violations"];
  if (operation !== undefined && statusCode < 400) parts.succeeded.add(operation.id);
  to.writeHead(statusCode, answer.headers);
  if (events !== null && statusCode === 200) {
    await passEvents(parts, events, answer, to);
    return;
  }
  const chunks: Buffer[] = [];
  for await (const chunk of answer as AsyncIterable<Buffer>) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  if (violation !== undefined || (statusCode >= 400 && !body.includes('"urn:mahavishnu:error:'))) {
    parts.violations.push(
      `${method} ${url} -> ${statusCode}: ${String(violation ?? "")} ${body.toString().slice(0, 2000)}`,
    );
  } else if (goesAround && operation !== undefined) {
    const problem = parts.checker.problemOf(parts.problem, JSON.parse(body.toString()));
    if (problem !== "") parts.violations.push(`${method} ${url} -> ${statusCode}: ${problem}`);
  }
  to.end(body);
}

/** Whether a path is one of an operation. */
function fits({ path }: DocumentedOperation, pathname: string): boolean {
  const [asked, known] = [pathname.split("/"), path.split("/")];
  return asked.length === known.length && known.every((part, n) => part.startsWith("{") || part === asked[n]);
}

async function passEvents(
  { checker, violations }: Parts,
  events: NonNullable<DocumentedOperation["events"]>,
  answer: IncomingMessage,
  to: ServerResponse,
): Promise<void> {
  async function* passed(): AsyncGenerator<Uint8Array> {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      to.write(chunk);
      yield chunk;
    }
  }
  for await (const { event, data } of parseEvents(passed())) {
    const schema = events[event];
    const problem =
      schema === undefined ? `no event is called "${event}"` : checker.problemOf(schema, JSON.parse(data));
    if (problem !== "" && event !== "end") violations.push(`${event}: ${problem}: ${data.slice(0, 500)}`);
  }
  to.end();
}

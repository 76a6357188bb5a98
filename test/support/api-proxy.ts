import { once } from "node:events";
import { createServer, type IncomingMessage, request as ask, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { parseEvents } from "../../src/client/server-events.ts";
import {
  type ApiDocument,
  type DocumentedOperation,
  findOperation,
  judgeRequest,
  listDocumented,
  SchemaChecker,
} from "./api-document.ts";
import { askGate, hostHeader, upstreamHeader } from "./prism-gate.ts";

/** What stands before a server and rejects everything that its document does not allow. */
export interface ApiProxy extends AsyncDisposable {
  /** Where it listens: what tests and clients talk to. */
  readonly url: string;
  readonly document: ApiDocument;
  readonly operations: readonly DocumentedOperation[];
  readonly checker: SchemaChecker;
  /** Names of the operations that have been asked and have succeeded. */
  readonly succeeded: ReadonlySet<string>;
  /** Cuts every connection, and with it what goes on behind. */
  cutConnections(): void;
  /** What the document did not allow since this was last asked. What nobody asks for makes disposing fail. */
  takeViolations(): string[];
}

/**
 * Puts Prism before a server. Each request and each answer is compared with the document; one that it does not allow is answered by
 * Prism, and disposing fails with its address, its status and what is wrong with it.
 *
 * Prism keeps back an answer until it is whole, so streams go around it: their requests and each of their events are compared here. So
 * do the pages for people, HEAD and OPTIONS, of which the document does not tell. Prism writes the JSON of a request anew: bytes that are
 * signed are sent to the server itself, unless they are written as `JSON.stringify` does.
 */
export async function startApiProxy(upstream: string): Promise<ApiProxy> {
  const { url: prism, document } = await askGate();
  const operations = listDocumented(document);
  const violations: string[] = [];
  const succeeded = new Set<string>();
  const checker = new SchemaChecker();
  const parts: Parts = { upstream, prism, document, operations, checker, violations, succeeded };
  const proxy = createServer((from, to) => void pass(parts, from, to).catch(() => to.destroy()));
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  return {
    url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    document,
    operations,
    checker,
    succeeded,
    cutConnections: () => proxy.closeAllConnections(),
    takeViolations: () => violations.splice(0),
    [Symbol.asyncDispose]: async () => {
      await closeServer(proxy);
      if (violations.length > 0) throw new Error(`the document does not allow:\n${violations.join("\n")}`);
    },
  };
}

async function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}

interface Parts {
  readonly upstream: string;
  /** Where Prism listens. */
  readonly prism: string;
  readonly document: ApiDocument;
  readonly operations: readonly DocumentedOperation[];
  readonly checker: SchemaChecker;
  readonly violations: string[];
  readonly succeeded: Set<string>;
}

async function pass(parts: Parts, from: IncomingMessage, to: ServerResponse): Promise<void> {
  const { method = "GET", url = "/", headers } = from;
  const address = new URL(url, "http://proxy");
  const operation = findOperation(parts.operations, method, address.pathname);
  const events = operation?.events ?? null;
  const isOfApi = operation !== undefined || address.pathname.startsWith("/v1/");
  const goesAround = events !== null || !isOfApi || method === "HEAD" || method === "OPTIONS";
  noteRequest(parts, operation, from, address);
  const sent = Buffer.concat(await Array.fromAsync(from as AsyncIterable<Buffer>));
  if (!goesAround && headers["content-type"]?.includes("json") === true && !isJson(sent)) {
    // Prism would never answer.
    parts.violations.push(`${method} ${url}: the body is no JSON: ${sent.toString().slice(0, 500)}`);
    to.writeHead(400).end("the document does not allow a body that is no JSON");
    return;
  }
  const { host } = headers;
  const onward = ask(new URL(url, goesAround ? parts.upstream : parts.prism), {
    method,
    headers: { ...headers, ...(goesAround ? {} : { [upstreamHeader]: parts.upstream, [hostHeader]: host }) },
    agent: false,
  });
  onward.end(sent);
  // A stream that nobody reads any more is cut behind the proxy too.
  to.once("close", () => onward.destroy());
  const [answer] = (await once(onward, "response")) as [IncomingMessage];
  const { statusCode = 0 } = answer;
  if (operation !== undefined && statusCode < 400) parts.succeeded.add(operation.id);
  if (events !== null && statusCode === 200) {
    to.writeHead(statusCode, answer.headers);
    await passEvents(parts, events, answer, to);
    return;
  }
  const chunks: Buffer[] = [];
  for await (const chunk of answer as AsyncIterable<Buffer>) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  const violation = answer.headers["sl-violations"];
  const name = `${method} ${url} -> ${statusCode}`;
  // Prism's word for a server that has cut the connection: so is this one.
  if (!goesAround && statusCode === 500 && body.includes('"type":"FetchError"')) return void to.destroy();
  const isOfServer = statusCode < 400 || body.includes('"urn:mahavishnu:error:') || isHealth(answer);
  if (violation !== undefined || (!goesAround && !isOfServer)) {
    parts.violations.push(`${name}: ${String(violation ?? "")} ${body.toString().slice(0, 2000)}`);
  } else if (events !== null) {
    const problem = parts.checker.problemOf(
      parts.document.components.schemas.Problem,
      JSON.parse(body.toString()) as unknown,
    );
    if (problem !== "") parts.violations.push(`${name}: ${problem}`);
  }
  to.writeHead(statusCode, answer.headers);
  to.end(body);
}

function isJson(body: Buffer): boolean {
  if (body.length === 0) return true;
  try {
    JSON.parse(body.toString());
    return true;
  } catch {
    return false;
  }
}

/** Notes what Prism lets pass or does not see: keys of a query that the document does not name, and requests for streams. */
function noteRequest(
  { checker, violations }: Parts,
  operation: DocumentedOperation | undefined,
  { method = "GET", url = "/", headers }: IncomingMessage,
  { pathname, searchParams }: URL,
): void {
  if (operation === undefined) return;
  if (operation.events === null) {
    const names = operation.parameters.filter((each) => each.in === "query").map(({ name }) => name);
    const unknown = [...searchParams.keys()].filter((key) => !names.includes(key));
    if (unknown.length > 0) violations.push(`${method} ${url}: query keys ${unknown.join(", ")}`);
    return;
  }
  const values = pathname.split("/").map((part) => decodeURIComponent(part));
  const params = operation.path.split("/").flatMap((part, n) => {
    return part.startsWith("{") ? [[part.slice(1, -1), values[n] ?? ""] as const] : [];
  });
  const told = operation.parameters.flatMap(({ name, in: place }) => {
    const text = headers[name.toLowerCase()];
    return place === "header" && typeof text === "string" ? [[name, text] as const] : [];
  });
  const problem = judgeRequest(operation, { params, query: [...searchParams], headers: told }, checker);
  const hasShown = headers.authorization !== undefined || headers.cookie !== undefined;
  if (problem !== "" || !hasShown) violations.push(`${method} ${url}: ${problem || "no token is shown"}`);
}

function isHealth({ headers }: IncomingMessage): boolean {
  return headers["content-type"]?.startsWith("application/health+json") === true;
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
      schema === undefined ? `no event is called "${event}"` : checker.problemOf(schema, JSON.parse(data) as unknown);
    if (problem !== "" && event !== "end") violations.push(`${event}: ${problem}: ${data.slice(0, 500)}`);
  }
  to.end();
}

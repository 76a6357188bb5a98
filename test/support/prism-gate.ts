import { once } from "node:events";
import { createServer, type IncomingMessage, request as ask, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { ApiDocument } from "./api-document.ts";
import type { RunningPrism } from "./prism.ts";

/** Where a request goes that has passed Prism, which knows one place alone: `http://127.0.0.1:PORT`. */
export const upstreamHeader = "x-test-upstream";
/** The `Host` of the request, which Prism does not pass on. */
export const hostHeader = "x-test-host";

/** What whoever asks the gate is told. */
export interface PrismAtGate {
  /** Where Prism listens. */
  readonly url: string;
  /** The document that it compares with. */
  readonly document: ApiDocument;
}

/**
 * One Prism for all servers of a run of the tests, in the process of the test runner. It is started when the first server asks for it, so
 * that tests without one do not wait. What has passed it comes back here, and goes on to the server that its header names.
 */
export async function setup(): Promise<() => Promise<void>> {
  let prism: Promise<RunningPrism & PrismAtGate> | undefined;
  const gate = createServer((from, to) => {
    void (async () => {
      if (from.headers[upstreamHeader] !== undefined) return passOn(from, to);
      prism ??= start(url);
      const { url: address, document } = await prism;
      to.end(JSON.stringify({ url: address, document }));
    })().catch((error: unknown) => to.writeHead(500).end(String(error)));
  });
  gate.listen(0, "127.0.0.1");
  await once(gate, "listening");
  const url = `http://127.0.0.1:${(gate.address() as AddressInfo).port}`;
  process.env["TEST_PRISM_GATE"] = url;
  return async () => {
    await (await prism)?.[Symbol.asyncDispose]();
    gate.closeAllConnections();
    await new Promise((resolve) => gate.close(resolve));
  };
}

async function start(upstream: string): Promise<RunningPrism & PrismAtGate> {
  // Loaded when they are needed: most of the tests need none of them.
  const { describeApi } = await import("../../src/server/http/openapi.ts");
  const { allOperations } = await import("../../src/server/operations/all-operations.ts");
  const { startPrism } = await import("./prism.ts");
  const text = JSON.stringify(describeApi(allOperations));
  // Prism resolves the references of what it is given, in place.
  const prism = await startPrism(JSON.parse(text) as object, upstream);
  return { ...prism, document: JSON.parse(text) as ApiDocument };
}

function passOn(from: IncomingMessage, to: ServerResponse): void {
  const { [upstreamHeader]: upstream, [hostHeader]: host, ...headers } = from.headers;
  const { method = "GET", url = "/" } = from;
  const onward = ask(new URL(url, String(upstream)), {
    method,
    headers: { ...headers, host: String(host) },
    // A connection that is kept would hold up a server that is being stopped.
    agent: false,
  });
  onward.once("error", () => to.destroy());
  onward.once("response", (answer) => {
    answer.once("error", () => to.destroy());
    to.writeHead(answer.statusCode ?? 500, answer.headers);
    answer.pipe(to);
  });
  to.once("close", () => onward.destroy());
  from.pipe(onward);
}

/** Asks the gate of this run of the tests. */
export async function askGate(): Promise<PrismAtGate> {
  const url = process.env["TEST_PRISM_GATE"];
  if (url === undefined) throw new Error("no Prism: run the tests with vitest and this checkout's configuration");
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`Prism did not start: ${await answer.text()}`);
  return (await answer.json()) as PrismAtGate;
}

import fc from "fast-check";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { callServer } from "../../src/client/call-server.ts";
import { type DocumentedOperation, judgeRequest, type Parameter } from "../support/api-document.ts";
import { type ApiWorld, startApiWorld } from "../support/api-world.ts";
import { type Hints, hostileValue, mutationOf, valueOf } from "../support/json-schema-arbitrary.ts";

const wanted = process.env["FUZZ_RUNS"];
const numRuns = Number(wanted ?? 100);

let world: ApiWorld;
let runId: string;
/** Another one after each rotation of the keys, which may leave none of the tokens before. */
let token: string;
beforeAll(async () => {
  world = await startApiWorld();
  ({ token } = world);
  ({ runId } = await callServer(world.connection, "startRun", { workflow: "fails" }));
  await world.finish(runId);
});
afterAll(async () => await world[Symbol.asyncDispose]());

/** A request, part by part, before it is written down. */
interface Request {
  readonly id: string;
  readonly params: Readonly<Record<string, unknown>>;
  /** Each value is one key of the query; a list gives several. */
  readonly query: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, unknown>>;
  /** Undefined: no body at all. */
  readonly body: unknown;
}

/** Those that plan a whole suite take a third of a second each: only who wants more than the usual number waits for them. */
const leftOut: ReadonlySet<string> = new Set(wanted === undefined ? ["planSuite", "explainCheck"] : []);

/** What begins a suite of minutes is asked what the document does not allow; `planSuite` is asked the rest, which is the same. */
const neverAllowed: ReadonlySet<string> = new Set(["startSuite"]);

/** Values that lead to something: everything else ends at "no such thing". */
function makeHints(): Hints {
  return {
    id: fc.constantFrom(runId, runId.slice(0, 4)),
    name: fc.constantFrom("hello", "survey", "chat", "local", "deploy"),
    workflow: fc.constantFrom("hello", "survey", "fails"),
    inputs: fc.constantFrom({}, { who: "you" }, { who: "" }, { other: "x" }),
    select: fc.constantFrom("name:alpha", "tag:*", "role:x", "tag:a &&", "!name:*"),
    filter: fc.constantFrom("name:alpha", "state:failed", "tag:front || dirty", "(((", "age<1h"),
    command: fc.constant(["true"]),
    folder: fc.constantFrom(".", "alpha", "nowhere"),
    subject: fc.constantFrom("user:vera", "service:ci", "user:nobody"),
    role: fc.constantFrom("viewer", "nothing"),
    where: fc.constantFrom("tag:front", "tag:a &&"),
    cursor: fc.constantFrom("1", "3", "999999"),
    only: fc.constantFrom(["CFG*"], ["*"]),
    head: fc.constant(`0:${"0".repeat(64)}`),
  };
}

function partOf({ parameters }: DocumentedOperation, place: Parameter["in"]): fc.Arbitrary<Record<string, unknown>> {
  const hints = makeHints();
  const chosen = parameters.filter((each) => each.in === place);
  const values = chosen.map(({ name, schema }) => {
    const any = valueOf(schema, hints);
    const hint = place === "header" ? undefined : hints[name];
    return [
      name,
      hint === undefined ? any : fc.oneof({ weight: 3, arbitrary: hint }, { weight: 1, arbitrary: any }),
    ] as const;
  });
  const requiredKeys = chosen.filter(({ required }) => required === true).map(({ name }) => name);
  return fc.record(Object.fromEntries(values), { requiredKeys });
}

/** Requests that the document allows, save for what hints get wrong. */
function requestTo(operation: DocumentedOperation): fc.Arbitrary<Request> {
  const body = operation.body === null ? fc.constant(undefined) : valueOf(operation.body, makeHints());
  return fc.record({
    id: fc.constant(operation.id),
    params: partOf(operation, "path"),
    query: partOf(operation, "query"),
    headers: partOf(operation, "header"),
    body: operation.isBodyNeeded ? body : fc.option(body, { nil: undefined }),
  });
}

/** Requests with one place changed. */
function mutantOf(operation: DocumentedOperation): fc.Arbitrary<Request> {
  const parts = [
    "query",
    "headers",
    "params",
    ...(operation.body === null ? [] : (["body", "body", "body"] as const)),
  ] as const;
  return fc.tuple(requestTo(operation), fc.constantFrom(...parts)).chain(([request, part]) => {
    return mutationOf(fc.constant(request[part] ?? {})).map((value) => {
      const isMap = typeof value === "object" && value !== null && !Array.isArray(value);
      return part !== "body" && !isMap ? request : { ...request, [part]: value };
    });
  });
}

/** What may be asked of any operation; made once, since making what makes texts for a pattern takes longer than a request. */
function ofAnyOperation(make: (operation: DocumentedOperation) => fc.Arbitrary<Request>): fc.Arbitrary<Request> {
  const chosen = world.proxied.operations.filter(({ id }) => !leftOut.has(id));
  return fc.oneof(...chosen.map(make));
}

function operationOf(id: string): DocumentedOperation {
  const found = world.proxied.operations.find((each) => each.id === id);
  if (found === undefined) throw new Error(`no operation is called ${id}`);
  return found;
}

/** A request as it goes over the wire. */
interface Written {
  readonly id: string;
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  /** Why the document does not allow it; empty when it does. */
  readonly problem: string;
}

/** Writes a request down, and judges by the document alone what was written: not by what was meant. */
function write({ id, params, query, headers, body }: Request): Written | undefined {
  const operation = operationOf(id);
  const segments = operation.path.replaceAll(/\{(\w+)\}/g, (_whole, key: string) => encodePart(textOf(params[key])));
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    for (const each of Array.isArray(value) ? (value as readonly unknown[]) : [value]) search.append(key, textOf(each));
  }
  const told = Object.entries(params).map(([key, value]) => [key, textOf(value)] as const);
  const named = operation.parameters.filter((each) => each.in === "header");
  const texts = named.flatMap(({ name }) =>
    headers[name] === undefined ? [] : [[name, textOf(headers[name])] as const],
  );
  // What HTTP itself does not let into a header is not this server's to judge.
  if (texts.some(([, text]) => !/^[!-~](?:[ -~]*[!-~])?$/.test(text) || text.length > 4_000)) return undefined;
  if (operation.path.includes("{") && !/^[\w\-.~/%!'()*]+$/.test(segments)) return undefined;
  // A segment that URLs resolve is another address.
  if (segments.split("/").some((part) => part === "." || part === "..")) return undefined;
  // Longer ones are cut off below HTTP: tests over raw sockets see to it.
  if (segments.length + search.toString().length > 12_000) return undefined;
  const json = body === undefined ? undefined : JSON.stringify(body);
  return {
    id,
    method: operation.method,
    url: segments + (search.size === 0 ? "" : `?${search.toString()}`),
    headers: Object.fromEntries(texts),
    body: json,
    problem:
      judgeRequest(operation, { params: told, query: [...search], headers: texts }, world.proxied.checker) ||
      judgeBody(operation, json),
  };
}

function textOf(value: unknown): string {
  return (typeof value === "string" ? value : (JSON.stringify(value) ?? "")).toWellFormed();
}

function encodePart(text: string): string {
  return encodeURIComponent(text);
}

function judgeBody({ body, isBodyNeeded }: DocumentedOperation, text: string | undefined): string {
  if (body === null) return "";
  if (text === undefined) return isBodyNeeded ? "body is missing" : "";
  return world.proxied.checker.problemOf(body, JSON.parse(text));
}

/** What the server did with a request. */
interface Told {
  readonly status: number;
  readonly type: string;
  /** Empty for a stream, of which the head alone is looked at. */
  readonly text: string;
}

async function send(base: string, { id, method, url, headers, body }: Written): Promise<Told> {
  const answer = await fetch(base + url, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...headers,
    },
    ...(body === undefined ? {} : { body }),
  });
  const { status } = answer;
  const type = answer.headers.get("content-type") ?? "";
  if (id === "rotateKeys" && status < 400) token = await world.proxied.token("user:root");
  if (!type.startsWith("text/event-stream")) return { status, type, text: await answer.text() };
  await answer.body?.cancel();
  return { status, type, text: "" };
}

/** Everything that a request could have done, as the store has it. */
async function countDeeds(): Promise<string> {
  const store = await world.proxied.server.app.store();
  const [runs, tokens, keys, allowed] = await Promise.all([
    store.listRuns({ limit: 1 }),
    store.listTokens({ limit: 1 }),
    store.listSigningKeys(),
    store.listAudit({ limit: 1, decision: "allowed", newestFirst: true }),
  ]);
  return JSON.stringify([runs[0]?.position, tokens[0]?.id, keys.length, allowed[0]?.seq]);
}

/** Why an answer is none that the document has; empty when it is. */
function judgeAnswer({ answer, status, events }: DocumentedOperation, told: Told): string {
  const { checker, document } = world.proxied;
  if (events !== null && told.status === status) return told.type.startsWith("text/event-stream") ? "" : told.type;
  if (told.status === status) return answer === null ? "" : checker.problemOf(answer, JSON.parse(told.text));
  return checker.problemOf(document.components.schemas.Problem, JSON.parse(told.text));
}

async function check(request: Request): Promise<void> {
  const written = write(request);
  fc.pre(written !== undefined);
  const { problem } = written;
  fc.pre(problem !== "" || !neverAllowed.has(request.id));
  const before = problem === "" ? "" : await countDeeds();
  const told = await send(world.proxied.server.directUrl, written);
  const context = `${written.method} ${written.url.slice(0, 300)} ${written.body?.slice(0, 500) ?? ""} -> ${told.status} ${told.text.slice(0, 500)}`;
  expect(told.status, context).toBeLessThan(500);
  expect(judgeAnswer(operationOf(request.id), told), context).toBe("");
  const isWrong = problem !== "";
  expect(isWrong && told.status < 400, `${problem}: ${context}`).toBe(false);
  expect(isWrong ? await countDeeds() : "", `${problem}: ${context}`).toBe(before);
  // There may be no such repository, or an expression may be wrong: but where its parts stand, and how long they are, is fine.
  expect(!isWrong && refusalOfShape.test(told.text), context).toBe(false);
}

/** How the server says that a request is not of the form that the document asks for. */
const refusalOfShape = /"status":400,"detail":"(?:params|query|headers|body)[ /]/;

describe("whatever is sent", () => {
  it("is answered as the document says, and what it does not allow does nothing", { timeout: 600_000 }, async () => {
    await fc.assert(fc.asyncProperty(ofAnyOperation(requestTo), check), { numRuns });
    await fc.assert(fc.asyncProperty(ofAnyOperation(mutantOf), check), { numRuns: numRuns * 2 });
    expect((await fetch(`${world.proxied.server.directUrl}/livez`)).status).toBe(200);
  });

  it("passes Prism where the document allows it", { timeout: 600_000 }, async () => {
    const isAllowed = async (request: Request): Promise<void> => {
      const written = write(request);
      fc.pre(written !== undefined && written.problem === "" && !neverAllowed.has(request.id));
      await send(world.proxied.url, written);
      expect(world.proxied.takeViolations()).toEqual([]);
    };
    await fc.assert(fc.asyncProperty(ofAnyOperation(requestTo), isAllowed), { numRuns: Math.ceil(numRuns / 5) });
  });

  it("is taken or refused as the document says when it is a signed message", { timeout: 600_000 }, async () => {
    const bodies = fc.oneof(
      fc.record({ who: hostileValue }).map((value) => JSON.stringify(value)),
      hostileValue.map((value) => JSON.stringify(value)),
      fc.string({ unit: "binary", maxLength: 40 }),
    );
    let count = 0;
    const property = fc.asyncProperty(bodies, fc.boolean(), async (text, isSigned) => {
      const body = Buffer.from(text.toWellFormed());
      const id = `msg-${(count += 1)}`;
      const at = new Date();
      const signature = new Webhook(world.hookSecret).sign(id, at, body);
      const before = isSigned ? "" : await countDeeds();
      const answer = await fetch(`${world.proxied.server.directUrl}/v1/webhooks/deploy`, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          "webhook-id": id,
          "webhook-timestamp": String(Math.floor(at.getTime() / 1000)),
          "webhook-signature": isSigned ? signature : signature.toUpperCase(),
        },
        body,
      });
      const told = { status: answer.status, type: "", text: await answer.text() };
      const context = `${text.slice(0, 300)} -> ${told.status} ${told.text.slice(0, 300)}`;
      expect(isSigned ? [202, 400, 422] : [401], context).toContain(told.status);
      expect(judgeAnswer(operationOf("receiveWebhook"), told), context).toBe("");
      expect(isSigned ? "" : await countDeeds(), context).toBe(before);
    });
    await fc.assert(property, { numRuns: Math.ceil(numRuns / 4) });
  });

  it("is refused as a body when it is none", { timeout: 600_000 }, async () => {
    const bodies = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.constantFrom(
        "",
        "{",
        "[]",
        "null",
        "7",
        '"x"',
        '{"workflow":"hello",}',
        '{"__proto__":{}}',
        "\uFEFF{}",
        "{}{}",
      ),
      hostileValue.map((value) => JSON.stringify(value)),
    );
    const types = fc.constantFrom(
      "application/json",
      "application/json; charset=utf-16",
      "application/x-www-form-urlencoded",
      "multipart/form-data",
      "text/plain",
      "application/xml",
      "*/*",
      "nonsense",
    );
    const property = fc.asyncProperty(bodies, types, async (body, type) => {
      const before = await countDeeds();
      const answer = await fetch(`${world.proxied.server.directUrl}/v1/runs`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": type },
        body: body.toWellFormed(),
      });
      const problem = (await answer.json()) as { status: number };
      expect([400, 413, 415]).toContain(answer.status);
      expect(world.proxied.checker.problemOf(world.proxied.document.components.schemas.Problem, problem)).toBe("");
      expect(await countDeeds()).toBe(before);
    });
    await fc.assert(property, { numRuns });
  });

  it("is refused as an address when it is none", { timeout: 600_000 }, async () => {
    const { operations, server } = world.proxied;
    const encoded = fc.constantFrom(
      "%",
      "%zz",
      "%00",
      "%ff",
      "%2e%2e",
      "%2F",
      "%c0%af",
      ";a=b",
      "//",
      "+",
      "%0d%0aX:1",
      "%F0%9F%98%80",
    );
    const paths = fc
      .tuple(fc.constantFrom(...operations.map(({ path }) => path)), encoded, fc.nat(40))
      .map(([path, odd, at]) => `${path.replaceAll(/\{\w+\}/g, "x").slice(0, 4 + at)}${odd}${path.slice(4 + at)}`);
    const queries = fc
      .array(fc.tuple(fc.constantFrom("limit", "states", "cursor", "__proto__", "a[b]", ""), encoded), { maxLength: 4 })
      .map((pairs) => (pairs.length === 0 ? "" : `?${pairs.map(([key, text]) => `${key}=${text}`).join("&")}`));
    const property = fc.asyncProperty(
      paths,
      queries,
      fc.constantFrom("GET", "POST", "DELETE", "HEAD"),
      async (path, query, method) => {
        const answer = await fetch(server.directUrl + path + query, {
          method,
          headers: { authorization: `Bearer ${token}` },
        });
        expect(answer.status, `${method} ${path}${query}`).toBeLessThan(500);
        if (method === "HEAD" || answer.status < 400) return void (await answer.text());
        expect(answer.headers.get("content-type")).toMatch(/^application\/problem\+json/);
        await answer.json();
      },
    );
    await fc.assert(property, { numRuns });
  });
});

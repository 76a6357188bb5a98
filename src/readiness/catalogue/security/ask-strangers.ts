import { expectMet } from "../../acting/unmet.ts";
import type { Outcome } from "../../types.ts";
import type { ScratchServer } from "./scratch-server.ts";

/** What may be asked without a token, written down a second time on purpose: messages that are signed, health, and the document. */
const knownPublic: ReadonlySet<string> = new Set([
  "receiveWebhook",
  "checkLiveness",
  "checkReadiness",
  "checkStartup",
  "readApiDocument",
]);

interface ApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Route>>>>;
}

interface Route {
  readonly operationId: string;
  readonly security?: readonly unknown[];
}

/** A route that there is not: who shows no token must not learn even that. */
const unknown: ApiDocument["paths"] = { "/v1/no-such-route": { get: { operationId: "unknown" } } };

/** Calls every route of the API's own document without a token, and one that there is not. */
export async function askStrangers({ ask }: ScratchServer): Promise<Outcome> {
  const document = (await ask("/openapi.json")).body as ApiDocument | null;
  expectMet(document !== null && typeof document.paths === "object", "the server does not tell its routes");
  const open: string[] = [];
  const shared: string[] = [];
  let refused = 0;
  for (const [path, methods] of Object.entries({ ...document.paths, ...unknown })) {
    for (const [method, { operationId, security }] of Object.entries(methods)) {
      const name = `${method.toUpperCase()} ${path}`;
      if (security?.length === 0 && knownPublic.has(operationId)) {
        shared.push(name);
        continue;
      }
      const body = method === "post" ? { body: {} } : {};
      const { status } = await ask(path.replaceAll(/\{\w+\}/g, "x"), { method: method.toUpperCase(), ...body });
      if (status === 401) refused += 1;
      else open.push(`${name} answers ${status}`);
    }
  }
  expectMet(open.length === 0, `${open.length} of ${open.length + refused} routes do not ask for a token: ${open[0]}`, {
    expected: "401 of each",
    observed: open.slice(0, 10).join("; "),
  });
  return {
    status: "pass",
    reason: `${refused} routes refuse whoever shows no token; public are ${shared.join(", ")}`,
  };
}

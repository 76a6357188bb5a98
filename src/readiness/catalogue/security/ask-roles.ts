import type { Permission } from "../../../access/permissions.ts";
import { expectMet, expectSame } from "../../acting/unmet.ts";
import type { Outcome } from "../../types.ts";
import { documented } from "./documented-roles.ts";
import type { Question, ScratchServer } from "./scratch-server.ts";

type Call = readonly [permission: Permission, path: string, question?: Question];

const post = (body: unknown): Question => ({ method: "POST", body });

/** One act for each permission that a route asks for. Whoever may, hears something else than a refusal, mostly that there is no such thing. */
const calls: readonly Call[] = [
  ["config:read", "/v1/config"],
  ["repos:read", "/v1/repositories"],
  ["workflows:read", "/v1/workflows"],
  ["runs:read", "/v1/runs"],
  ["adapters:read", "/v1/adapters"],
  ["runs:start", "/v1/runs", post({ workflow: "none" })],
  ["runs:exec", "/v1/commands", post({ command: ["true"], select: "name:none" })],
  ["runs:cancel", "/v1/runs/0000000000/cancel", post({})],
  ["readiness:run", "/v1/suites"],
  ["access:read", "/v1/access"],
  ["access:write", "/v1/tokens/revoke", post({ id: "0000000000" })],
  ["audit:read", "/v1/audit?limit=1"],
  ["webhooks:read", "/v1/webhooks"],
  ["telemetry:read", "/metrics"],
  ["webhooks:write", "/v1/webhooks/outgoing/none/test", post({})],
];

/** Asks as each role for each permission, with real tokens over HTTP, and reaches beyond a scope. */
export async function askRoles(server: ScratchServer): Promise<Outcome> {
  const wrong: string[] = [];
  let asked = 0;
  for (const [role, rights] of Object.entries(documented)) {
    if (role === "superuser") continue;
    const token = await server.token({ subject: `service:${role}`, role });
    for (const [permission, path, question] of calls) {
      const { status } = await server.ask(path, { ...question, token });
      const isAllowed = status !== 401 && status !== 403;
      asked += 1;
      if (isAllowed === (rights === "all" || rights.includes(permission))) continue;
      wrong.push(`${role} ${isAllowed ? "may" : "may not"} ${permission} (${path}: ${status})`);
    }
  }
  const nobody = await server.token({ subject: "user:nobody" });
  for (const [permission, path, question] of calls) {
    const { status } = await server.ask(path, { ...question, token: nobody });
    asked += 1;
    if (status !== 403) wrong.push(`somebody without a role may ${permission} (${path}: ${status})`);
  }
  expectMet(wrong.length === 0, `${wrong.length} of ${asked} answers over HTTP are wrong: ${wrong[0]}`, {
    expected: "the documented table of roles",
    observed: wrong.slice(0, 10).join("; "),
  });
  await expectScope(server);
  return { status: "pass", reason: `${asked} answers over HTTP, with real tokens of each role, are as documented` };
}

/** A token that is good for one team's repositories neither shows nor touches another's. */
async function expectScope(server: ScratchServer): Promise<void> {
  const token = await server.token({ subject: "service:scoped", role: "runner", where: "tag:team/mine" });
  const { body } = await server.ask("/v1/repositories", { token });
  const { items = [] } = (body ?? {}) as { readonly items?: readonly { readonly name: string }[] };
  expectSame(
    items.map(({ name }) => name),
    ["inside"],
    "a scoped token sees other repositories than those of its scope",
  );
  const start = (select: string): Question => ({ ...post({ workflow: "touch", select }), token });
  const beyond = await server.ask("/v1/runs", start("name:outside"));
  expectSame(beyond.status, 403, "a scoped token may start a run beyond its scope");
  const within = await server.ask("/v1/runs", start("name:inside"));
  expectSame(within.status, 202, "a scoped token may not start a run within its scope");
}

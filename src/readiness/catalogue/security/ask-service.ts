import { expectMet, expectSame } from "../../acting/unmet.ts";
import type { Outcome } from "../../types.ts";
import type { Question, ScratchServer } from "./scratch-server.ts";

const post = (body: unknown): Question => ({ method: "POST", body });

/** What a runner may not do, though the admin who has made the token may. */
const beyond: readonly (readonly [path: string, question: Question])[] = [
  ["/v1/tokens", post({ subject: "service:heir", role: "admin" })],
  ["/v1/tokens", {}],
  ["/v1/keys/rotate", post({})],
  ["/v1/access", {}],
  ["/v1/audit", {}],
  ["/v1/commands", post({ command: ["true"] })],
  ["/v1/runs/0000000000/cancel", post({})],
  ["/v1/suites", post({ command: "check-config" })],
];

/** Gives an account of a machine a token with one role, and reaches with it for what only its maker may do. */
export async function askService(server: ScratchServer): Promise<Outcome> {
  const token = await server.token({ subject: "service:least", role: "runner" });
  const { body } = await server.ask("/v1/whoami", { token });
  expectSame(
    (body as { readonly subject?: unknown } | null)?.subject,
    "service:least",
    "a token makes another subject",
  );
  expectSame((await server.ask("/v1/runs", { token })).status, 200, "a service account may not do what its token says");
  const open: string[] = [];
  for (const [path, question] of beyond) {
    const { status } = await server.ask(path, { ...question, token });
    if (status !== 403) open.push(`${question.method ?? "GET"} ${path}: ${status}`);
  }
  expectMet(open.length === 0, "a service account may do more than its token says", { observed: open.join("; ") });
  // A token of the same account without a role of its own has what is bound to the account: nothing.
  const bare = await server.token({ subject: "service:least" });
  expectSame((await server.ask("/v1/runs", { token: bare })).status, 403, "a role of one token counts for another");
  return {
    status: "pass",
    reason: `a service account may do what its token says; ${beyond.length} acts of its maker were denied`,
  };
}

import { DatabaseSync } from "node:sqlite";
import { stateFileOf } from "../../acting/read-history.ts";
import { expectMet, expectSame } from "../../acting/unmet.ts";
import type { Outcome } from "../../types.ts";
import { admin, type ScratchServer } from "./scratch-server.ts";

interface Entry {
  readonly actor: string;
  readonly action: string;
  readonly from: string;
}

/** Does something that is allowed and something that is not, looks for both in the trail, and then edits the trail behind its back. */
export async function askForEdits(server: ScratchServer): Promise<Outcome> {
  const watched = await server.token({ subject: "service:watched", role: "viewer" });
  const body = { subject: "service:more", role: "admin" };
  const denied = await server.ask("/v1/tokens", { method: "POST", token: watched, body });
  expectSame(denied.status, 403, "a viewer may make tokens");
  const { status } = await server.ask("/v1/whoami", { token: "no.such.token" });
  expectSame(status, 401, "a token that is none opens the door");
  const find = async (actor: string, decision: string, action: string): Promise<boolean> => {
    const query = new URLSearchParams({ actor, decision, action, limit: "50" });
    const page = (await server.ask(`/v1/audit?${query.toString()}`, { token: server.admin })).body;
    const { items = [] } = (page ?? {}) as { readonly items?: readonly Entry[] };
    return items.some((entry) => entry.actor === actor && entry.action === action && entry.from !== "");
  };
  const wanted = [
    [admin, "allowed", "access:write"],
    ["service:watched", "denied", "access:write"],
    ["anonymous", "denied", "authenticate"],
  ] as const;
  for (const [actor, decision, action] of wanted) {
    expectMet(
      await find(actor, decision, action),
      `the trail does not hold that ${action} was ${decision} to ${actor}`,
    );
  }
  const isValid = async (): Promise<boolean> => {
    const verdict = (await server.ask("/v1/audit/verify", { token: server.admin })).body;
    return ((verdict ?? {}) as { readonly valid?: boolean }).valid === true;
  };
  expectMet(await isValid(), "the trail does not verify before anybody has edited it");
  editTrail(stateFileOf(server.workspace));
  expectMet(!(await isValid()), "an edit of the trail is not found");
  return {
    status: "pass",
    reason: "allowed and refused acts are in the trail with who and from where, and an edit of it is found",
  };
}

/** As somebody would who can write the file: what keeps others from it is taken away first. */
function editTrail(file: string): void {
  const database = new DatabaseSync(file, { timeout: 5_000 });
  try {
    database.exec("DROP TRIGGER audit_keeps_text");
    database.exec("UPDATE audit SET actor = 'user:innocent' WHERE seq = (SELECT min(seq) FROM audit)");
  } finally {
    database.close();
  }
}

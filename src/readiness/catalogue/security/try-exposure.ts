import { randomBytes } from "node:crypto";
import { actInScratch } from "../../acting/act-in-scratch.ts";
import { expectMet } from "../../acting/unmet.ts";
import type { CheckContext } from "../../context.ts";
import type { Outcome } from "../../types.ts";
import { ServeEnded, startServe } from "./scratch-server.ts";

const attempts: readonly (readonly [what: string, set: readonly string[]])[] = [
  ["without authentication and TLS", ["auth.enabled=false"]],
  ["without TLS", ["auth.enabled=true"]],
];

/** Starts the server at all addresses of this machine, without what that needs. */
export async function tryExposure(context: CheckContext): Promise<Outcome> {
  return await actInScratch(context, "sec016", async (act) => {
    const workspace = await act.workspace({
      repositories: [],
      workflows: {},
      config: {
        auth: { enabled: true, secret: randomBytes(32).toString("hex") },
        server: { host: "0.0.0.0", port: 0 },
      },
    });
    await Promise.all(
      attempts.map(async ([what, set]) => {
        const end = await startServe(act, workspace, set).catch((error: unknown) => error);
        if (!(end instanceof ServeEnded)) {
          if (end instanceof Error) throw end;
          expectMet(false, `the server listens to other machines ${what}`, { expected: "SERVER_REFUSED" });
        }
        expectMet(end.said.includes("SERVER_REFUSED"), `the server ends ${what}, but does not say why`, {
          observed: end.said.slice(0, 300),
        });
      }),
    );
    return {
      status: "pass",
      reason: "the server refuses to listen to other machines without authentication and without TLS",
    };
  });
}

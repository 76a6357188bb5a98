import type { CheckDefinition } from "../../definition.ts";
import type { ServerQuestion } from "../../catalogue/security/ask-scratch-server.ts";
import type { CheckContext } from "../../context.ts";
import type { Outcome } from "../../types.ts";
import { defineTests } from "../define-test.ts";

const leak = "Report it with the evidence, and give nobody but the owner a role until it is mended.";

/** Nobody does what their role does not allow. */
export const rbacTests: readonly CheckDefinition[] = [
  ...defineTests("rbac", [
    {
      id: "IR1",
      title: "without a role nothing is allowed, on every entry",
      mustPass: true,
      security: true,
      verifies:
        "Everything is denied to a subject that has no binding, and nothing that a caller says makes another subject of it.",
      how: "lets four subjects without a role ask the door for every act of the product, and calls the command with a false user name",
      advice: leak,
      expectedMs: 1_500,
      live: async (context) => await (await import("./ir1.ts")).denyStrangers(context),
    },
    {
      id: "IR2",
      title: "each role may do what it is for and nothing else",
      mustPass: true,
      security: true,
      verifies:
        "Every role against every act of the product, each really asked; roles that are not known may do nothing.",
      how: "asks the door for each act as each role, by name and by group, and compares the answers with a table of its own",
      advice: leak,
      expectedMs: 3_000,
      live: async (context) => await (await import("./ir2.ts")).keepMatrix(context),
    },
    {
      id: "IR3",
      title: "rights on some repositories do not reach others",
      mustPass: true,
      security: true,
      verifies:
        "Who may act on one team's repositories can neither touch nor see those of another, nor act on the whole.",
      how: "lets an operator of one team reach for the other's repositories, runs and facts, and for the whole workspace",
      advice: leak,
      expectedMs: 1_500,
      live: async (context) => await (await import("./ir3.ts")).keepScope(context),
    },
    {
      id: "IR4",
      title: "a change of a role takes effect at once",
      security: true,
      verifies: "From the next question on the door decides by what the configuration says now.",
      how: "changes the bindings in the file six times, and asks each time",
      advice: leak,
      expectedMs: 1_200,
      live: async (context) => await (await import("./ir4.ts")).changeTakesEffect(context),
    },
    {
      id: "IR6",
      title: "nobody gets more rights than their role gives",
      security: true,
      verifies: "Names that look like another's, and inputs that reach further than they say, are refused.",
      how: "tries eight kinds of false names and groups, and five kinds of inputs that reach beyond a scope",
      advice: leak,
      expectedMs: 1_500,
      live: async (context) => await (await import("./ir6.ts")).refuseEscalation(context),
    },
    {
      id: "IR8",
      title: "acts that were denied are in the audit trail, with who asked",
      mustPass: true,
      security: true,
      verifies: "Every refusal is written down once, with subject, act, resource, reason and request.",
      how: "lets three subjects ask for every act, and reads the trail from the database",
      advice: "Report it with the evidence: attempts against this workspace would not be seen.",
      expectedMs: 1_200,
      live: async (context) => await (await import("./ir8.ts")).auditDenials(context),
    },
    {
      id: "IR5",
      title: "an expired, tampered or revoked token is refused",
      mustPass: true,
      security: true,
      verifies: "Only a token that is whole, young enough and not revoked opens the door.",
      how: "makes real tokens at a scratch server, spoils each in its own way, and shows them over HTTP",
      advice: leak,
      expectedMs: 2_000,
      live: async (context) => await askServer(context, "tokens"),
    },
    {
      id: "IR7",
      title: "a service account has the least scope",
      security: true,
      verifies: "An account of a machine may do what its token says, and nothing that its maker may do besides.",
      how: "gives a service account a token of one role at a scratch server, and reaches with it over HTTP for what only its maker may do",
      advice: leak,
      expectedMs: 2_000,
      live: async (context) => await askServer(context, "service"),
    },
  ]),
];

/** The questions of a suite to a server share one. */
async function askServer(context: CheckContext, question: ServerQuestion): Promise<Outcome> {
  const { askScratchServer } = await import("../../catalogue/security/ask-scratch-server.ts");
  return await askScratchServer(context, question);
}

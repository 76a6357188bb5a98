import { perform } from "../../../app/perform.ts";
import { actInScratch } from "../../acting/act-in-scratch.ts";
import { expectMet } from "../../acting/unmet.ts";
import type { CheckContext } from "../../context.ts";
import type { Outcome } from "../../types.ts";
import { type Door, type DoorWorld, makeDoorWorld, user } from "./door-world.ts";
import { askDoor, everyAct } from "./every-act.ts";

const followingRuns = [
  "listRuns",
  "showRun",
  "listInterruptedRuns",
  "readRunEvents",
  "readRunLogs",
  "followRun",
  "followRunLogs",
] as const;
const reading = [
  ...followingRuns,
  "readConfig",
  "validateConfig",
  "listRepositories",
  "checkFleetRepositories",
  "scanRepositories",
  "listWorkflows",
  "showWorkflow",
  "validateWorkflows",
  "planRun",
  "listAdapters",
  "checkAdapterHealth",
  "whoAmI",
  "explainCheck",
] as const;
const starting = [...reading, "startRun", "resumeRun", "retryRun"] as const;
const acting = [...starting, "execCommand", "cancelRun"] as const;
const judging = [
  "checkReadiness",
  "proveReadiness",
  "startSuite",
  "listSuites",
  "showSuite",
  "followSuite",
  "cancelSuite",
  "planSuite",
] as const;
const overseeing = ["showAccess", "explainAccess", "listTokens", "listAudit", "verifyAudit", "exportAudit"] as const;
const calling = ["listWebhooks", "listWebhookDeliveries", "redeliverWebhook", "testWebhook"] as const;
const operating = [
  "readMetrics",
  "listAlerts",
  "listSilences",
  "silenceAlert",
  "endSilence",
  "testAlert",
  "listObjectives",
  "readServiceLog",
  "createBackup",
  "listBackups",
  "verifyBackup",
  "restoreState",
  "previewPurge",
  "startPurge",
] as const;
const admitting = ["createToken", "revokeToken", "rotateKeys"] as const;

/** What each role may do, and nothing else. Written down a second time on purpose: the product's own table must not judge itself. */
export const matrix: Readonly<Record<string, readonly string[]>> = {
  viewer: reading,
  runner: starting,
  editor: [...acting, "upgradeState"],
  approver: reading,
  operator: [...acting, ...judging, ...overseeing, ...calling, ...operating],
  admin: [...acting, ...judging, ...overseeing, ...calling, ...operating, ...admitting, "upgradeState"],
  worker: [...followingRuns, "whoAmI"],
};

/** Lets a subject of each role ask for everything that there is, and compares each answer with the matrix. */
export async function keepMatrix(context: CheckContext, door: Door = perform): Promise<Outcome> {
  return await actInScratch(context, "ir2", async (act) => {
    const roles = Object.keys(matrix);
    const bindings = roles.flatMap((role) => [
      { subject: `user:${role}`, role },
      { subject: `group:${role}s`, role },
    ]);
    const world = await makeDoorWorld(act, bindings);
    const wrong: string[] = [];
    let asked = 0;
    for (const role of roles) {
      // Every second role comes by a group, which must not make a difference.
      const subject = roles.indexOf(role) % 2 === 0 ? user(`user:${role}`) : user("user:member", [`group:${role}s`]);
      await world.as(subject, async (app) => {
        for (const each of everyAct(world)) {
          const expected = matrix[role]?.includes(each.name) === true ? "allowed" : "denied";
          const said = await askDoor(each.ask(door, app));
          asked += 1;
          if (said !== expected) wrong.push(`${each.name} is ${said} to ${role}`);
        }
      });
    }
    wrong.push(...(await askAsUnknownRole(world, door)));
    expectMet(wrong.length === 0, `${wrong.length} of ${asked} answers are wrong`, {
      expected: "each role may do what it is for, and nothing else",
      observed: wrong.slice(0, 5).join("; "),
    });
    return { status: "pass", reason: `${asked} answers to ${roles.length} roles are as they should be` };
  });
}

/** A role that the product does not know, as an older version would find one in a newer configuration. */
async function askAsUnknownRole(world: DoorWorld, door: Door): Promise<string[]> {
  const wrong: string[] = [];
  for (const role of ["chief", "constructor", "__proto__"]) {
    const loaded = await world.load();
    const access = { ...loaded.config.access, bindings: [{ subject: "user:odd", role }] };
    const changed = { ...loaded, digest: "", config: { ...loaded.config, access } };
    await world.as(
      user("user:odd"),
      async (app) => {
        for (const each of everyAct(world)) {
          if ((await askDoor(each.ask(door, app))) !== "denied")
            wrong.push(`${each.name} is allowed to the role ${role}`);
        }
      },
      changed,
    );
  }
  return wrong;
}

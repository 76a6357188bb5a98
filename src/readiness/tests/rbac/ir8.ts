import { perform } from "../../../app/perform.ts";
import { actInScratch } from "../../acting/act-in-scratch.ts";
import { type AuditRow, readAudit, stateFileOf } from "../../acting/read-history.ts";
import { expectMet, expectSame } from "../../acting/unmet.ts";
import type { CheckContext } from "../../context.ts";
import type { Outcome } from "../../types.ts";
import { type Door, makeDoorWorld, user } from "./door-world.ts";
import { askDoor, everyAct } from "./every-act.ts";

/** Lets three subjects ask for everything, and looks for what the trail knows of it. */
export async function auditDenials(context: CheckContext, door: Door = perform): Promise<Outcome> {
  return await actInScratch(context, "ir8", async (act) => {
    const world = await makeDoorWorld(act, [{ subject: "user:vera", role: "viewer" }]);
    const file = stateFileOf(world.workspace);
    const own = readAudit(file);
    expectMet(
      own.length === 3 && own.every(({ actor, decision }) => actor.startsWith("local:") && decision === "allowed"),
      "what the owner has done is not in the trail",
      { expected: "3 allowed acts", observed: JSON.stringify(own).slice(0, 300) },
    );

    let denials = 0;
    for (const name of ["user:nobody", "user:vera", "service:ci"]) {
      const before = readAudit(file).length;
      const denied: string[] = [];
      await world.as(user(name), async (app) => {
        for (const each of everyAct(world)) {
          if ((await askDoor(each.ask(door, app))) === "denied") denied.push(each.name);
        }
        const rows = readAudit(file).slice(before);
        expectSame(
          [rows.length, rows.filter(({ decision }) => decision === "denied").length],
          [denied.length, denied.length],
          `the trail does not hold every refusal of ${name}, once`,
        );
        for (const row of rows) expectTold(row, name, app.requestId);
      });
      denials += denied.length;
    }
    expectMet(denials > 0, "nothing was denied");
    return { status: "pass", reason: `${denials} refusals are in the trail, each with who, what and why` };
  });
}

function expectTold(row: AuditRow, actor: string, requestId: string): void {
  expectSame([row.actor, row.requestId], [actor, requestId], "a refusal in the trail names somebody else");
  const known = /^[a-z]+:[a-z]+$/.test(row.action) && row.resource !== "" && row.reason !== "" && row.time > 0;
  expectMet(known, "a refusal in the trail does not say what was refused and why", { observed: JSON.stringify(row) });
}

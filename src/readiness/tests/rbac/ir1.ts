import { userInfo } from "node:os";
import { perform } from "../../../app/perform.ts";
import type { Subject } from "../../../access/subject.ts";
import { actInScratch } from "../../acting/act-in-scratch.ts";
import { readCheckout } from "../../acting/git-text.ts";
import { readHistory, stateFileOf } from "../../acting/read-history.ts";
import { runToEnd } from "../../acting/run-to-end.ts";
import { expectSame, Unmet } from "../../acting/unmet.ts";
import type { CheckContext } from "../../context.ts";
import type { Outcome } from "../../types.ts";
import { type Door, makeDoorWorld, user } from "./door-world.ts";
import { askDoor, everyAct } from "./every-act.ts";

/** Nobody of these is bound to a role; some try to look like somebody who is. */
const strangers: readonly Subject[] = [
  user("user:nobody"),
  user(""),
  user("group:platform"),
  user("user:nobody", ["group:unknown"]),
];

/** Lets subjects without any role ask for everything that there is. */
export async function denyStrangers(context: CheckContext, door: Door = perform): Promise<Outcome> {
  return await actInScratch(context, "ir1", async (act) => {
    const world = await makeDoorWorld(act, [{ subject: "group:platform", role: "admin" }]);
    const { workspace } = world;
    const readAll = async (): Promise<unknown> => [
      readHistory(stateFileOf(workspace)).length,
      await Promise.all(["alpha", "beta"].map((name) => readCheckout(workspace.repository(name), act.signal))),
    ];
    const before = await readAll();
    const acts = everyAct(world);
    for (const subject of strangers) {
      await world.as(subject, async (app) => {
        for (const each of acts) {
          const said = await askDoor(each.ask(door, app));
          if (said === "denied") continue;
          throw new Unmet(`${each.name} is allowed to somebody without a role`, {
            expected: "denied",
            observed: `allowed to "${subject.name}" with the groups ${subject.groups.join(", ") || "none"}`,
          });
        }
      });
    }
    expectSame(await readAll(), before, "somebody without a role has changed something");

    // At the command line nothing that a caller says makes another subject of them.
    const claims = { USER: "mallory", LOGNAME: "mallory", USERNAME: "mallory" };
    const { run } = await runToEnd(act, workspace, ["run", "touch", "-s", "name:alpha"], { env: claims });
    expectSame(run.actor, `local:${userInfo().username}`, "the environment of a command decides who acts");
    const asked = `${acts.length} acts were denied to ${strangers.length} subjects without a role`;
    return {
      status: "pass",
      reason: `${asked}, at the door behind every entry; over HTTP they show no token, which SEC001 tries`,
    };
  });
}

import { perform } from "../../../app/perform.ts";
import type { Subject } from "../../../access/subject.ts";
import { planRun } from "../../../app/use-cases/plan-run.ts";
import { startRun } from "../../../app/use-cases/start-run.ts";
import { showRun } from "../../../app/use-cases/runs.ts";
import { MahavishnuError } from "../../../lib/errors.ts";
import { actInScratch } from "../../acting/act-in-scratch.ts";
import { readHistory, stateFileOf } from "../../acting/read-history.ts";
import { expectMet, expectSame } from "../../acting/unmet.ts";
import type { CheckContext } from "../../context.ts";
import type { Outcome } from "../../types.ts";
import { type Door, type DoorWorld, makeDoorWorld, user } from "./door-world.ts";
import { askDoor, everyAct } from "./every-act.ts";

/** Tries the ways in which somebody with few rights, or none, would get more. */
export async function refuseEscalation(context: CheckContext, door: Door = perform): Promise<Outcome> {
  return await actInScratch(context, "ir6", async (act) => {
    const world = await makeDoorWorld(act, [
      { subject: "user:edge", role: "runner", where: "tag:team/edge" },
      { subject: "user:admin", role: "viewer" },
      { subject: "group:admins", role: "admin" },
    ]);
    const before = readHistory(stateFileOf(world.workspace)).length;
    const tried = [...(await tryNames(world, door)), ...(await tryInputs(world, door))];
    const open = tried.filter(([, refused]) => !refused).map(([what]) => what);
    expectMet(open.length === 0, "somebody has got more than their role gives", { observed: open.join("; ") });
    expectSame(
      readHistory(stateFileOf(world.workspace)).length,
      before,
      "an attempt that was refused has left something",
    );
    return { status: "pass", reason: `${tried.length} attempts to get more than a role gives were refused` };
  });
}

type Tried = readonly (readonly [what: string, refused: boolean])[];

/** Names that look like those of somebody with rights. */
async function tryNames(world: DoorWorld, door: Door): Promise<Tried> {
  const owner = await world.as(user("user:nobody"), async ({ localOwner }) => await Promise.resolve(localOwner ?? ""));
  const masks: readonly (readonly [what: string, subject: Subject])[] = [
    ["a user with a role's name", user("user:admin")],
    ["the owner's name with a space", user(`${owner} `)],
    ["the owner's name in capitals", user(owner.toUpperCase())],
    ["the owner's name as a group", user("user:nobody", [owner])],
    ["a group's name as a user", user("group:admins")],
    ["a user's name as a group", user("user:nobody", ["user:edge"])],
    ["a pattern", user("*", ["group:*"])],
    ["a list", user("user:edge,group:admins", ["group:edge,group:admins"])],
  ];
  const tried: (readonly [string, boolean])[] = [];
  for (const [what, subject] of masks) {
    const acts = everyAct(world).filter(({ writes }) => writes);
    const said = await world.as(subject, async (app) => {
      const answers: string[] = [];
      for (const each of acts) answers.push(await askDoor(each.ask(door, app)));
      return answers;
    });
    tried.push([what, said.every((answer) => answer === "denied")]);
  }
  return tried;
}

/** Inputs by which somebody with rights on one repository would reach another. */
async function tryInputs(world: DoorWorld, door: Door): Promise<Tried> {
  const start = { workflow: "touch", inputs: {} };
  return await world.as(user("user:edge"), async (app) => {
    const attempts: readonly (readonly [what: string, asking: () => Promise<unknown>])[] = [
      ["a selector that means the others", () => door(app, startRun, { ...start, select: "!tag:team/edge" })],
      ["a workflow by a path", () => door(app, startRun, { ...start, workflow: "../workflows/touch" })],
      ["a run by the beginning of another's id", () => door(app, showRun, { id: world.runs.beta.slice(0, 6) })],
      ["a run by no id at all", () => door(app, showRun, { id: "" })],
    ];
    const tried: (readonly [string, boolean])[] = [];
    for (const [what, asking] of attempts) tried.push([what, await isRefused(asking)]);
    // It means what there is for who asks: a refusal would tell which others it fits.
    const { repositories } = await door(app, planRun, { ...start, select: "tag:team/edge || name:beta" });
    tried.push(["a selector that takes more in", Object.keys(repositories).join() === "alpha"]);
    return tried;
  });
}

async function isRefused(asking: () => Promise<unknown>): Promise<boolean> {
  try {
    await asking();
    return false;
  } catch (error) {
    if (!(error instanceof MahavishnuError)) throw error;
    return true;
  }
}

import type { AppContext } from "../../../app/app-context.ts";
import { perform } from "../../../app/perform.ts";
import { checkFleetRepositories, listRepositories } from "../../../app/use-cases/repos.ts";
import { cancelRun, listRuns, retryRun, showRun } from "../../../app/use-cases/runs.ts";
import { execCommand, startRun } from "../../../app/use-cases/start-run.ts";
import { actInScratch } from "../../acting/act-in-scratch.ts";
import { expectMet, expectSame } from "../../acting/unmet.ts";
import type { CheckContext } from "../../context.ts";
import type { Outcome } from "../../types.ts";
import { type Door, type DoorWorld, makeDoorWorld, user } from "./door-world.ts";
import { askDoor, everyAct } from "./every-act.ts";

/** Has all rights of an operator on the repositories of one team, and none on those of another. */
const dana = user("user:dana");

/** Lets a subject whose rights end at one team's repositories reach for the other's. */
export async function keepScope(context: CheckContext, door: Door = perform): Promise<Outcome> {
  return await actInScratch(context, "ir3", async (act) => {
    const world = await makeDoorWorld(act, [
      { subject: "user:dana", role: "operator", where: "tag:team/edge" },
      { subject: "user:lost", role: "operator", where: "tag:team/none" },
    ]);
    const inside = await world.as(dana, async (app) => await askAll(actsOn(world, door, app, "alpha")));
    const blocked = inside.filter(([, said]) => said !== "allowed").map(([what]) => what);
    expectMet(blocked.length === 0, "a scoped right does not hold inside of its scope", {
      observed: blocked.join(", "),
    });

    const outside = await world.as(dana, async (app) => [
      ...(await askAll(actsOn(world, door, app, "beta"))),
      ...(await askAll(actsOn(world, door, app, "both"))),
      ...(await askAll(wholeWorkspace(world, door, app))),
    ]);
    const lost = await world.as(user("user:lost"), async (app) => await askAll(actsOn(world, door, app, "alpha")));
    const leaks = [...outside, ...lost].filter(([, said]) => said !== "denied").map(([what]) => what);
    expectMet(leaks.length === 0, "a scoped right reaches beyond its scope", { observed: leaks.join(", ") });

    await world.as(dana, async (app) => {
      const seen = await door(app, listRepositories, {});
      expectSame(
        [seen.items.map(({ name }) => name), seen.hidden],
        [["alpha"], 1],
        "repositories are shown beyond the scope",
      );
      const checked = await door(app, checkFleetRepositories, {});
      const names = checked.items.map(({ name }) => name);
      expectSame(names, ["alpha"], "facts of repositories are shown beyond the scope");
      const both = await door(app, showRun, { id: world.runs.both });
      expectSame(
        [both.counts.total, both.hidden, both.targets.length, JSON.stringify(both).includes("beta")],
        [2, 1, 2, false],
        "a run over both repositories does not show as one visible and one hidden target",
      );
      const { items } = await door(app, listRuns, { limit: 50 });
      const hidden = items.filter(({ id }) => id === world.runs.beta || id === world.runs.both);
      const told = JSON.stringify(hidden);
      expectMet(!told.includes("beta"), "the list of runs names a repository beyond the scope", { observed: told });
    });
    return {
      status: "pass",
      reason: `${inside.length} acts inside of a scope were allowed, ${outside.length + lost.length} beyond it denied`,
    };
  });
}

type Asked = readonly (readonly [what: string, asking: () => Promise<unknown>])[];

/** Everything that can be done to repositories, by their names or by a run that touched them. */
function actsOn({ runs }: DoorWorld, door: Door, app: AppContext, which: "alpha" | "beta" | "both"): Asked {
  const id = runs[which];
  const select = which === "both" ? {} : { select: `name:${which}` };
  const begin = async (
    asking: Promise<{ readonly handle: { readonly done: Promise<unknown> } | null }>,
  ): Promise<void> => {
    await (
      await asking
    ).handle?.done;
  };
  return [
    [
      `startRun on ${which}`,
      async () => await begin(door(app, startRun, { workflow: "touch", inputs: {}, ...select })),
    ],
    [`execCommand on ${which}`, async () => await begin(door(app, execCommand, { command: ["true"], ...select }))],
    // A run that touches both is shown, with what is beyond the scope left out; see below.
    ...(which === "both" ? [] : [[`showRun of ${which}`, async () => await door(app, showRun, { id })] as const]),
    [
      `cancelRun of ${which}`,
      async () => await door(app, cancelRun, { id, reason: "asked by the suite", atOnce: true }),
    ],
    [`retryRun of ${which}`, async () => await door(app, retryRun, { id })],
  ];
}

/** What is about no repository in particular is about all of them. */
function wholeWorkspace(world: DoorWorld, door: Door, app: AppContext): Asked {
  const whole = ["readConfig", "validateConfig", "scanRepositories", "proveReadiness"];
  return everyAct(world)
    .filter(({ name }) => whole.includes(name))
    .map((each) => [each.name, async () => await each.ask(door, app)]);
}

async function askAll(acts: Asked): Promise<(readonly [what: string, said: "allowed" | "denied"])[]> {
  const answers: (readonly [string, "allowed" | "denied"])[] = [];
  for (const [what, asking] of acts) answers.push([what, await askDoor(asking())]);
  return answers;
}

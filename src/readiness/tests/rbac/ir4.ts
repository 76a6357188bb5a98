import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { perform } from "../../../app/perform.ts";
import { listRuns } from "../../../app/use-cases/runs.ts";
import { startRun } from "../../../app/use-cases/start-run.ts";
import { actInScratch } from "../../acting/act-in-scratch.ts";
import { expectSame } from "../../acting/unmet.ts";
import type { CheckContext } from "../../context.ts";
import type { Outcome } from "../../types.ts";
import { type Door, type DoorWorld, makeDoorWorld, user, type WrittenBinding } from "./door-world.ts";
import { askDoor } from "./every-act.ts";

const kim = user("user:kim");

/** Roles of one subject, one after the other, with what it may do then: look, and start. */
const changes: readonly (readonly [bindings: readonly WrittenBinding[], look: string, start: string])[] = [
  [[], "denied", "denied"],
  [[{ subject: kim.name, role: "runner" }], "allowed", "allowed"],
  [[{ subject: kim.name, role: "viewer" }], "allowed", "denied"],
  [[{ subject: kim.name, role: "runner", where: "name:beta" }], "allowed", "denied"],
  [[{ subject: kim.name, role: "runner", where: "name:alpha" }], "allowed", "allowed"],
  [[], "denied", "denied"],
];

/** Changes the bindings in the file, and asks again each time. */
export async function changeTakesEffect(context: CheckContext, door: Door = perform): Promise<Outcome> {
  return await actInScratch(context, "ir4", async (act) => {
    const world = await makeDoorWorld(act, []);
    for (const [index, [bindings, look, start]] of changes.entries()) {
      await writeBindings(world, bindings);
      const said = await world.as(kim, async (app) => {
        const begin = async (): Promise<void> => {
          const { handle } = await door(app, startRun, { workflow: "touch", inputs: {}, select: "name:alpha" });
          await handle?.done;
        };
        return [await askDoor(door(app, listRuns, { limit: 1 })), await askDoor(begin())];
      });
      const told = bindings.map(({ role, where }) => `${role}${where === undefined ? "" : ` where ${where}`}`).join();
      expectSame(
        said,
        [look, start],
        `after change ${index + 1} (${told || "no role"}) the door does not decide by it`,
      );
    }
    return { status: "pass", reason: `${changes.length} changes of a role held from the next question on` };
  });
}

async function writeBindings({ workspace }: DoorWorld, bindings: readonly WrittenBinding[]): Promise<void> {
  const file = join(workspace.folder, "mahavishnu.yaml");
  const config = parse(await readFile(file, "utf8")) as Record<string, unknown>;
  await writeFile(file, stringify({ ...config, access: { bindings } }));
}

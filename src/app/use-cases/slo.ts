import { objectiveNames, readObjective, type ObjectiveReading } from "../../telemetry/slo/read-objectives.ts";
import { defineUseCase } from "../use-case.ts";

/** `slo list`: the objectives of the configuration and how they stand. */
export const listObjectives = defineUseCase<
  Readonly<Record<string, never>>,
  { readonly items: readonly ObjectiveReading[] }
>({
  name: "listObjectives",
  permission: "telemetry:read",
  writes: false,
  resource: () => ({ name: "slo" }),
  run: async (context) => {
    const { config } = context.loaded;
    const store = await context.history();
    const now = Date.now();
    const read = await Promise.all(
      objectiveNames(config).map(async (name) => await readObjective(store, config, { name, now })),
    );
    return { items: read.filter((item) => item !== null) };
  },
});

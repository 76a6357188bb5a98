import { defineUseCase } from "../app/use-case.ts";

/** One run of the suite, ready to begin. What it finds is its own affair: the door only lets it begin. */
export type SuiteWork = () => Promise<void>;

/** `production check-config`: reads and reasons, and changes nothing. */
export const checkReadiness = defineUseCase<SuiteWork, void>({
  name: "checkReadiness",
  permission: "readiness:run",
  writes: false,
  resource: () => ({ name: "workspace" }),
  run: async (_context, work) => await work(),
});

/** The commands of the suite that act: in scratch space, but with the load that this brings, so each is in the trail. */
export const proveReadiness = defineUseCase<SuiteWork, void>({
  name: "proveReadiness",
  permission: "readiness:run",
  writes: true,
  resource: () => ({ name: "workspace" }),
  run: async (_context, work) => await work(),
});

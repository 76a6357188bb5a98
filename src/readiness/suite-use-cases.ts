import { defineUseCase } from "../app/use-case.ts";
import {
  type ProductionAnswer,
  type ProductionOptions,
  type ProductionSetting,
  runProduction,
} from "./run-production.ts";

/** One run of the suite. */
export interface SuiteInput {
  readonly options: ProductionOptions;
  readonly setting: ProductionSetting;
}

/** `production check-config`: reads and reasons, and changes nothing. */
export const checkReadiness = defineUseCase<SuiteInput, ProductionAnswer>({
  name: "checkReadiness",
  permission: "readiness:run",
  writes: false,
  resource: () => ({ name: "workspace" }),
  run: async (_context, { options, setting }) => await runProduction(options, setting),
});

/** The commands of the suite that act: in scratch space, but with the load that this brings, so each is in the trail. */
export const proveReadiness = defineUseCase<SuiteInput, ProductionAnswer>({
  name: "proveReadiness",
  permission: "readiness:run",
  writes: true,
  resource: () => ({ name: "workspace" }),
  run: async (_context, { options, setting }) => await runProduction(options, setting),
});

import { MahavishnuError } from "../lib/errors.ts";

/** Refuses a command whose flags are settled and whose body is not there yet. */
export function refuseNotBuilt(command: string): never {
  throw new MahavishnuError("NOT_BUILT", `\`mahavishnu ${command}\` is not built yet`);
}

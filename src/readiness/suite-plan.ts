import type { Definition } from "./definition.ts";
import type { Selection } from "./report/report.ts";
import type { Command, GateName, Profile } from "./types.ts";

/** One question that will be asked, or that the user has told us not to ask. */
export interface PlannedCheck {
  readonly definition: Definition;
  /** `static` stops after the static probe. */
  readonly mode: "static" | "live";
  /** The gates of this command that count it. */
  readonly gates: readonly GateName[];
  /** Why it is not asked; it stays in the report as `skipped`. */
  readonly skip?: string;
}

/** What one command asks, in the order of the catalogue. */
export interface SuitePlan {
  readonly command: Command;
  readonly profile: Profile;
  readonly gates: readonly GateName[];
  readonly checks: readonly PlannedCheck[];
  /** Checks of the command's headings that this command cannot ask, each with the reason: `live only: add --all`. */
  readonly notAsked: readonly { readonly id: string; readonly reason: string }[];
  /** Gates that `--only` left without a check. */
  readonly emptyGates: ReadonlySet<GateName>;
  readonly selection: Selection;
}

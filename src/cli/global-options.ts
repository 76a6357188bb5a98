import type { OutputChoice } from "./output-request.ts";

/** Flags that every command takes, before or after its name. */
export interface GlobalOptions extends OutputChoice {
  /** `-C`: where to look for the workspace; absolute. */
  readonly workspace?: string;
  /** `--config`: the configuration file instead of the workspace's own; absolute. */
  readonly config?: string;
  /** `--url`, else MAHAVISHNU_URL: a server to ask instead of a workspace of this machine. */
  readonly url?: string;
  /** `--set KEY=VALUE`, in the order given. */
  readonly set: readonly KeyValue[];
  /** `-q`: only results and errors. */
  readonly quiet: boolean;
  /** `-v`: stacks of errors, and what else helps to find a fault. */
  readonly verbose: boolean;
}

/** One `KEY=VALUE`, as text. */
export interface KeyValue {
  readonly key: string;
  readonly value: string;
}

/** When colour is used. */
export type ColourMode = "auto" | "always" | "never";

/** What decides about colour on one stream. */
export interface ColourFacts {
  /** `--color`. */
  readonly mode: ColourMode;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly isTTY: boolean;
}

/**
 * Whether to use colour: the flag, else NO_COLOR, else FORCE_COLOR, else a terminal that is not `dumb`.
 * An empty variable counts as not set; `FORCE_COLOR=0` means no colour.
 */
export function decideColour({ mode, env, isTTY }: ColourFacts): boolean {
  if (mode !== "auto") return mode === "always";
  if ((env["NO_COLOR"] ?? "") !== "") return false;
  const force = env["FORCE_COLOR"] ?? "";
  if (force !== "") return force !== "0" && force !== "false";
  return isTTY && env["TERM"] !== "dumb";
}

import type { LoadedConfig } from "../../config/load-config.ts";

/** What was found out about one thing. */
export interface Finding {
  readonly status: "ok" | "warn" | "fail";
  /** In words, with the figures. */
  readonly text: string;
  /** What a person does about it; missing where all is well. */
  readonly remedy?: { readonly text?: string; readonly command?: string };
  /** The figures, for machines. */
  readonly figures?: Readonly<Record<string, number | string | boolean | null>>;
}

/** What is looked at. */
export interface Subject {
  /** Null outside of a workspace, or when its configuration is not valid. */
  readonly loaded: LoadedConfig | null;
  /** Where state is kept, or would be; absolute. It need not be there. */
  readonly stateFolder: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly terminal: {
    readonly isTTY: boolean;
    readonly colour: boolean;
    readonly unicode: boolean;
    readonly width: number;
  };
}

/** Looks at one thing. It ends when the signal is aborted, leaves nothing behind, and changes nothing. */
export interface Probe {
  /** `disk.sync`; unique. */
  readonly id: string;
  readonly look: (subject: Subject, signal: AbortSignal) => Promise<Finding> | Finding;
}

/** All is well. */
export function ok(text: string, figures?: Finding["figures"]): Finding {
  return { status: "ok", text, ...(figures === undefined ? {} : { figures }) };
}

/** It works, with reservations. */
export function warn(text: string, remedy: NonNullable<Finding["remedy"]>, figures?: Finding["figures"]): Finding {
  return { status: "warn", text, remedy, ...(figures === undefined ? {} : { figures }) };
}

/** It does not work. */
export function fail(text: string, remedy: NonNullable<Finding["remedy"]>, figures?: Finding["figures"]): Finding {
  return { status: "fail", text, remedy, ...(figures === undefined ? {} : { figures }) };
}

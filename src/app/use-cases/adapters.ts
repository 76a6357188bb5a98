import { MahavishnuError } from "../../lib/errors.ts";
import { didYouMean } from "../../lib/suggest.ts";
import { version } from "../../lib/version.ts";
import { type AdapterHealth, checkAdapter, enabledAdapters } from "../check-adapter.ts";
import { defineUseCase } from "../use-case.ts";

/** An adapter as lists show it. */
export interface AdapterItem {
  readonly name: string;
  /** What it gives: an engine for whole runs, actions for steps, or both. */
  readonly offers: readonly ("engine" | "actions")[];
  readonly enabled: boolean;
  readonly version: string;
  readonly capabilities: AdapterCapabilities;
  /** Names of the actions that it gives. */
  readonly actions: readonly string[];
}

/** What an engine can do, so that nobody has to find out by trying. */
export interface AdapterCapabilities {
  /** Whether it executes on more than one machine. */
  readonly clustered: boolean;
  /** Who takes over the runs of a dead process: the engine by itself, or this product. */
  readonly takeover: "self" | "platform";
  /** Whether a cancel ends a step that runs. */
  readonly stepAbort: boolean;
  readonly pause: boolean;
  /** What a committed step survives: the loss of power, or of the process alone. */
  readonly durability: "power-loss" | "process";
}

/** Every adapter. */
export interface AdapterList {
  readonly items: readonly AdapterItem[];
  readonly nextCursor: null;
}

/** How every adapter that was asked was found. */
export interface AdapterHealthList {
  readonly items: readonly AdapterHealth[];
  readonly nextCursor: null;
}

/** `adapters list`. */
export const listAdapters = defineUseCase<Record<string, never>, AdapterList>({
  name: "listAdapters",
  permission: "adapters:read",
  writes: false,
  resource: () => ({ name: "adapters" }),
  run: async (context) => ({
    items: [
      {
        name: "embedded",
        offers: ["engine", "actions"],
        enabled: enabledAdapters(context.loaded.config).includes("embedded"),
        version,
        capabilities: {
          clustered: false,
          takeover: "platform",
          stepAbort: true,
          pause: false,
          durability: "power-loss",
        },
        actions: [...(await context.actions()).keys()].toSorted(),
      },
    ],
    nextCursor: null,
  }),
});

/** Which adapter; all enabled ones when left out. */
export interface AdapterHealthInput {
  readonly name?: string;
  /** Milliseconds for each adapter, from 1 to a minute; 10 s when left out. */
  readonly deadlineMs?: number;
}

/** Whoever waits longer wants to know why, and not whether. */
const longestDeadlineMs = 60_000;

/** `adapters health`: a real round trip through each adapter, and never a constant. */
export const checkAdapterHealth = defineUseCase<AdapterHealthInput, AdapterHealthList>({
  name: "checkAdapterHealth",
  permission: "adapters:read",
  writes: false,
  resource: ({ name }) => ({ name: name === undefined ? "adapters" : `adapter:${name}` }),
  run: async (context, { name, deadlineMs = 10_000 }) => {
    const known = enabledAdapters(context.loaded.config);
    if (name !== undefined && !known.includes(name)) {
      throw new MahavishnuError("USAGE", `there is no adapter "${name}"`, { fix: didYouMean(name, known) });
    }
    if (!Number.isSafeInteger(deadlineMs) || deadlineMs < 1 || deadlineMs > longestDeadlineMs) {
      const fix = `Give from 1 to ${longestDeadlineMs} ms.`;
      throw new MahavishnuError("USAGE", `an adapter cannot be asked within ${deadlineMs} ms`, { fix });
    }
    const items = await Promise.all(known.map(async (adapter) => await checkAdapter(context, adapter, deadlineMs)));
    return { items, nextCursor: null };
  },
});

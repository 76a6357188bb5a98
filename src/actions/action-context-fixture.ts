import type { ActionContext, ActionRepository, RunSummary } from "../engine/contract.ts";

/** What an action wrote into the log of its step. */
export interface LoggedContext extends ActionContext {
  readonly lines: readonly string[];
}

/** A context as the engine makes it, for tests of actions. */
export function makeActionContext(parts: {
  readonly repository?: ActionRepository | null;
  readonly runFolder?: string;
  readonly idempotencyKey?: string;
  readonly signal?: AbortSignal;
  readonly env?: Readonly<Record<string, string>>;
  readonly summary?: RunSummary;
}): LoggedContext {
  const lines: string[] = [];
  const inherited = Object.entries(process.env).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  return {
    runId: "k3v9q0x2mf",
    workflow: "raise-node",
    repository: parts.repository ?? null,
    idempotencyKey: parts.idempotencyKey ?? "k3v9q0x2mf/edit/gateway/commit",
    attempt: 1,
    signal: parts.signal ?? new AbortController().signal,
    environment: async () => ({ ...Object.fromEntries(inherited), ...parts.env }),
    runFolder: parts.runFolder ?? "/nowhere",
    started: () => undefined,
    log: (line) => lines.push(line),
    summary: () => parts.summary ?? { runId: "k3v9q0x2mf", workflow: "raise-node", startedAt: null, targets: [] },
    lines,
  };
}

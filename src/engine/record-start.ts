import type { AttemptScope } from "./scopes.ts";
import type { ProcessRecord } from "./state.ts";

/** Records that an attempt begins; resolves when that is durable, and only then may it do anything. */
export async function recordStart(
  { run, target, at, number }: AttemptScope,
  process: ProcessRecord | null,
): Promise<void> {
  const data = { target: target.key, step: at.step.id, attempt: number, process };
  run.writer.add("step.started", data, { reason: "its turn has come" });
  await run.writer.flush();
}

import * as z from "zod";
import { type ActionContext, ActionError, type Json, type Outputs } from "../../engine/contract.ts";
import { endStates } from "./choose-kept.ts";
import { purgeName } from "./plan-purge.ts";
import { purgeAudit } from "./purge-audit.ts";
import { purgeExpired } from "./purge-expired.ts";
import { purgeLog } from "./purge-log.ts";
import { purgeOutput } from "./purge-output.ts";
import type { PurgePart, PurgeTools } from "./purge-parts.ts";
import { purgeRuns } from "./purge-runs.ts";

const number = z.number().min(0);
const at = z.int().min(0);
const kept = z.strictObject({ age: number, count: number });

const Input = z.discriminatedUnion("part", [
  z.strictObject({ part: z.literal("runs"), at, rule: z.partialRecord(z.enum(endStates), kept) }),
  z.strictObject({ part: z.literal("output"), at, rule: kept }),
  z.strictObject({ part: z.literal("log"), at, rule: z.strictObject({ age: number, bytes: number }) }),
  z.strictObject({ part: z.literal("expired"), at, rule: z.strictObject({}) }),
  z.strictObject({ part: z.literal("audit"), at, rule: z.strictObject({ age: number }) }),
]);

/** One step of a purge. What it has done is in the audit trail too. @throws ActionError outside of a purge */
export async function runPurgeStep(
  tools: PurgeTools,
  input: Readonly<Record<string, Json>>,
  context: ActionContext,
): Promise<Outputs> {
  const row = await tools.store.getRun(context.runId);
  if (context.workflow !== purgeName || row === null) throw new ActionError(`${purgeName} is no action of workflows`);
  const asked = Input.parse(input);
  const part: PurgePart = { tools, context, actor: row.actor, at: asked.at };
  const outputs = await doPart(part, asked);
  context.log(
    Object.entries(outputs)
      .map(([name, value]) => `${name} ${value}`)
      .join(", "),
  );
  const { longestHoldMs: _ms, kept: _kept, ...gone } = outputs;
  // What has taken nothing away is no entry: a purge every hour would fill the trail with them.
  if (Object.values(gone).every((count) => count === "0")) return outputs;
  await tools.store.appendAudit({
    time: Date.now(),
    actor: row.actor,
    action: "state:purge",
    resource: `run:${context.runId}`,
    decision: "allowed",
    reason: "part of a purge",
    requestId: context.runId,
    from: "engine",
    before: null,
    after: { purged: asked.part, ...gone },
  });
  return outputs;
}

async function doPart(part: PurgePart, asked: z.output<typeof Input>): Promise<Outputs> {
  switch (asked.part) {
    case "runs":
      return await purgeRuns(part, asked.rule);
    case "output":
      return await purgeOutput(part, asked.rule);
    case "log":
      return await purgeLog(part, asked.rule);
    case "expired":
      return await purgeExpired(part);
    case "audit":
      return await purgeAudit(part, asked.rule);
  }
}

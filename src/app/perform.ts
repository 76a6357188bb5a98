import { authorize, type AccessPolicy, type Decision } from "../access/authorize.ts";
import { MahavishnuError, messageOf } from "../lib/errors.ts";
import type { SelectorSubject } from "../selectors/evaluate-selector.ts";
import type { AppContext } from "./app-context.ts";
import type { Resource, UseCase } from "./use-case.ts";

/**
 * The one door: decides, writes the audit trail, and only then acts. An allowed write is in the trail before it begins, so that
 * nothing is done that the trail does not know; a refusal is in it too; a read is not.
 *
 * @throws MahavishnuError ACCESS_DENIED; whatever the use-case throws.
 * @example
 * const page = await perform(app, listRuns, { limit: 20 });
 */
export async function perform<Input, Output>(context: AppContext, useCase: UseCase<Input, Output>, input: Input): Promise<Output> {
  const resource = await useCase.resource(input, context);
  const decision = await decide(context, useCase, resource);
  if (useCase.writes || !decision.allowed) await audit(context, useCase, resource, decision);
  if (!decision.allowed) {
    throw new MahavishnuError("ACCESS_DENIED", `${context.subject.name} may not ${useCase.permission} on ${resource.name}: ${decision.reason}`, {
      fix: `Ask an admin for a role with ${useCase.permission} in access.bindings.`,
    });
  }
  return await useCase.run(context, input);
}

/** The manifest is read only where a scope depends on it: whoever owns the workspace needs none. */
async function decide<Input, Output>(context: AppContext, useCase: UseCase<Input, Output>, resource: Resource): Promise<Decision> {
  const policy = { localOwner: context.localOwner, bindings: context.loaded.config.access.bindings };
  const question = { subject: context.subject, permission: useCase.permission };
  if (context.subject.name === context.localOwner || resource.repositories === undefined) return authorize(policy, question);
  try {
    const fleet = await context.fleet();
    const repositories = resource.repositories.map((name): SelectorSubject => {
      const known = fleet.byName.get(name);
      return { name, tags: known?.tags ?? [], needs: known?.needs ?? [], ...(known?.role === undefined ? {} : { role: known.role }) };
    });
    const scoped: AccessPolicy = { ...policy, selectors: fleet.selectors };
    return authorize(scoped, { ...question, repositories });
  } catch (error) {
    return { allowed: false, reason: `could not be decided: ${messageOf(error)}` };
  }
}

async function audit<Input, Output>(context: AppContext, useCase: UseCase<Input, Output>, resource: Resource, decision: Decision): Promise<void> {
  const store = await context.store();
  await store.appendAudit({
    time: Date.now(),
    actor: context.subject.name,
    action: useCase.permission,
    resource: resource.name,
    decision: decision.allowed ? "allowed" : "denied",
    reason: decision.reason,
    requestId: context.requestId,
  });
}

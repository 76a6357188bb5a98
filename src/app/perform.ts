import { authorize, type Decision } from "../access/authorize.ts";
import { localSubject } from "../access/subject.ts";
import { MahavishnuError, messageOf } from "../lib/errors.ts";
import { judgeFolder, type PlaceProblem } from "../store/judge-place.ts";
import type { AppContext } from "./app-context.ts";
import { describeAccessPolicy, readAccessPolicy, subjectsOf } from "./access-policy.ts";
import { type BegunUseCase, type Changes, type Resource, UseCase } from "./use-case.ts";

/** Of what is refused nothing changes. */
const noChanges: Changes = { before: null, after: null };

/**
 * The one door: decides, writes the audit trail, and only then acts. An allowed write is in the trail before it begins, so that
 * nothing is done that the trail does not know; a refusal is in it too; a read is not.
 *
 * @throws MahavishnuError ACCESS_DENIED; whatever the use-case throws.
 * @example
 * const page = await perform(app, listRuns, { limit: 20 });
 */
export async function perform<Input, Output>(
  context: AppContext,
  useCase: UseCase<Input, Output>,
  input: Input,
): Promise<Output> {
  await refuseStranger(context, useCase);
  const { resource, changes, run } = await beginAudited(context, useCase, input);
  const decision = await decide(context, useCase, resource);
  if (!decision.allowed) throw await refuse(context, useCase, resource, decision);
  if (useCase.writes) await audit(context, useCase, resource, decision, await changes());
  try {
    return await run();
  } catch (error) {
    await auditRefusal(context, useCase, resource, error);
    throw error;
  }
}

async function beginAudited<Input, Output>(
  context: AppContext,
  useCase: UseCase<Input, Output>,
  input: Input,
): Promise<BegunUseCase<Output>> {
  try {
    return await UseCase.begin(useCase, context, input);
  } catch (error) {
    await auditRefusal(context, useCase, { name: useCase.name }, error);
    throw error;
  }
}

/** What only looking things up, or the act itself, could see is a refusal too. */
async function auditRefusal<Input, Output>(
  context: AppContext,
  useCase: UseCase<Input, Output>,
  resource: Resource,
  error: unknown,
): Promise<void> {
  if (!(error instanceof MahavishnuError) || error.code !== "ACCESS_DENIED") return;
  await audit(context, useCase, resource, { allowed: false, reason: error.message }, noChanges).catch(() => undefined);
}

/** Who may do this nowhere learns nothing on the way: nothing is looked up for them. */
async function refuseStranger<Input, Output>(context: AppContext, useCase: UseCase<Input, Output>): Promise<void> {
  const anywhere: Resource = { name: useCase.name, repositories: "any" };
  const decision = await decide(context, useCase, anywhere);
  if (!decision.allowed) throw await refuse(context, useCase, anywhere, decision);
}

/** The manifest is read only where a scope depends on it: whoever owns the workspace needs none. */
async function decide<Input, Output>(
  context: AppContext,
  { permission }: UseCase<Input, Output>,
  { repositories }: Resource,
): Promise<Decision> {
  const { subject } = context;
  try {
    if (repositories === undefined || repositories === "any" || subject.name === context.localOwner) {
      return authorize(describeAccessPolicy(context), {
        subject,
        permission,
        repositories: repositories === "any" ? "any" : undefined,
      });
    }
    const policy = await readAccessPolicy(context);
    return authorize(policy, { subject, permission, ...subjectsOf(await context.fleet(), repositories) });
  } catch (error) {
    return { allowed: false, reason: `could not be decided: ${messageOf(error)}` };
  }
}

/** A refusal stays one even when it cannot be written down; then it says so. */
async function refuse<Input, Output>(
  context: AppContext,
  useCase: UseCase<Input, Output>,
  resource: Resource,
  decision: Decision,
): Promise<MahavishnuError> {
  const { subject } = context;
  let unaudited: unknown;
  try {
    await audit(context, useCase, resource, decision, noChanges);
  } catch (error) {
    unaudited = error;
  }
  if (resource.refusal !== undefined) return resource.refusal();
  const folder = judgeOwnFolder(context);
  // Where the folder is at fault, it is why nothing can be written down too.
  const why = folder === undefined ? `: ${messageOf(unaudited)}` : "";
  const said = unaudited === undefined ? "" : ` (not in the audit trail${why})`;
  const cause = folder === undefined ? "" : `, because ${folder.message}`;
  // Reasons name repositories and bindings; over the network they are for the trail alone.
  const reason = context.from === "cli" ? `: ${decision.reason}${cause}${said}` : "";
  const message = `${subject.name} may not ${useCase.permission} on ${resource.name}${reason}`;
  const ask = `ask an admin for a role with ${useCase.permission}, bound to ${subject.name} under access.bindings.`;
  const remedy = folder === undefined ? `A${ask.slice(1)}` : `${folder.fix.replace(/\.$/, "")}; or ${ask}`;
  return new MahavishnuError("ACCESS_DENIED", message, { fix: remedy, cause: unaudited });
}

/** Whoever can write the state folder is the admin: what keeps the user of this process from it, if that is who asks. */
function judgeOwnFolder({ localOwner, subject, loaded }: AppContext): PlaceProblem | undefined {
  if (localOwner !== null || subject.name !== localSubject().name) return undefined;
  return judgeFolder(loaded.paths.stateFolder);
}

async function audit<Input, Output>(
  context: AppContext,
  useCase: UseCase<Input, Output>,
  resource: Resource,
  decision: Decision,
  { before, after }: Changes,
): Promise<void> {
  const store = await context.store();
  await store.appendAudit({
    time: Date.now(),
    actor: context.subject.name,
    action: useCase.permission,
    resource: resource.name,
    decision: decision.allowed ? "allowed" : "denied",
    reason: decision.reason,
    requestId: context.requestId,
    from: context.from,
    before,
    after,
  });
}

import { readScope } from "../access/authorize.ts";
import { MahavishnuError } from "../lib/errors.ts";
import { readAccessPolicy, subjectsOf } from "./access-policy.ts";
import type { AppContext } from "./app-context.ts";
import { type Deliverer, type DelivererEvent, startDeliverer } from "./webhook-deliverer.ts";
import type { EventSource } from "./webhook-event.ts";
import { readOutgoingHooks } from "./webhook-hooks.ts";

/**
 * Starts what tells the outgoing webhooks of a workspace what runs do. Without any, nothing is started and nothing is asked.
 *
 * @throws MahavishnuError WEBHOOK_SECRET, CONFIG_INVALID; UserFileError SECRET_UNRESOLVED.
 */
export async function openDeliverer(
  context: AppContext,
  observe: (event: DelivererEvent) => void,
): Promise<Deliverer | undefined> {
  const hooks = readOutgoingHooks(context);
  if (hooks.length === 0) return undefined;
  const store = await context.store();
  return await startDeliverer({
    store,
    hooks,
    source: await describeSource(context),
    touches: async (runId, where) => await touchesPicked(context, runId, where, "a webhook"),
    observe,
  });
}

/** What every event tells of where it comes from. */
export async function describeSource(context: AppContext): Promise<EventSource> {
  const { workspaceId } = await context.store();
  return { workspaceId, publicUrl: context.loaded.config.server.publicUrl };
}

/**
 * Whether a run touches a repository that a selector picks.
 *
 * @param whose what the selector belongs to, for the message
 */
export async function touchesPicked(
  context: AppContext,
  runId: string,
  where: string,
  whose: string,
): Promise<boolean> {
  // Beside the run's row; its history would be read as a whole for each event.
  const names = (await (await context.store()).listRunRepositories([runId])).get(runId) ?? [];
  const { repositories } = subjectsOf(await context.fleet(), names);
  const scope = readScope(await readAccessPolicy(context), { subject: "", role: "", where });
  // An event must not be passed over because of a selector that cannot be read now.
  if (scope.failure !== null)
    throw new MahavishnuError("USER_FILE_INVALID", `the selector ${where} of ${whose}: ${scope.failure}`);
  return repositories.some((repository) => scope.covers(repository));
}

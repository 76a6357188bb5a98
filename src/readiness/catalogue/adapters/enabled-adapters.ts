import type { AdapterItem } from "../../../app/use-cases/adapters.ts";
import type { CheckContext } from "../../context.ts";
import type { Targets } from "../../definition.ts";

/** The adapters that the configuration enables; the embedded engine is one. */
export async function listEnabledAdapters(context: CheckContext): Promise<readonly AdapterItem[]> {
  const { items } = await context.once("adapters", async () => {
    // Loaded here because `check-config` asks no adapter, and has to be quick.
    const [{ perform }, { listAdapters }] = await Promise.all([
      import("../../../app/perform.ts"),
      import("../../../app/use-cases/adapters.ts"),
    ]);
    return await perform(await context.app(), listAdapters, {});
  });
  return items.filter(({ enabled }) => enabled);
}

/** One target for each enabled adapter. */
export async function eachAdapter(context: CheckContext): Promise<Targets> {
  const adapters = await listEnabledAdapters(context);
  return {
    targets: adapters.map(({ name }) => ({ target: { kind: "adapter", name } })),
    none: "no adapter is enabled: see ADP004",
  };
}

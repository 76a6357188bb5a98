/** For tests: a process that does nothing but send what the store at argv[2] holds to argv[3]; it is there to be killed. */
import { openStore } from "../store/open-store.ts";
import { startDeliverer } from "./webhook-deliverer.ts";
import { outgoingHook } from "./webhook-fixture.ts";

const [, , file = "", url = "", secret = "", claimMs = ""] = process.argv;
const hook = outgoingHook(url, secret);
const store = openStore({ file });
await startDeliverer({
  store,
  hooks: [hook],
  source: { workspaceId: store.workspaceId, publicUrl: undefined },
  touches: async () => await Promise.resolve(true),
  observe: () => undefined,
  firstWaitMs: 1,
  spareMs: Number(claimMs) - hook.timeoutMs,
});
process.send?.("ready");

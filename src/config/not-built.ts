import type { NotBuilt } from "../lib/yaml-file.ts";

/** Keys and values of the configuration that are planned and refused until they exist, each with its sentence. */
export const notBuiltConfig: NotBuilt = {
  "engine=temporal": "only `engine: embedded` exists in this version; remove the key or write embedded",
  "engine=restate": "only `engine: embedded` exists in this version; remove the key or write embedded",
  adapters: "adapters of outside engines come in a later version; remove the key, the embedded engine is always there",
  schedules: "schedules come in a later version; remove the key and start runs from cron",
};

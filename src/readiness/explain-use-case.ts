import { makeExplainCheck } from "./suite-use-cases.ts";

/** All that the catalogue knows about one question, with the limits of this workspace. The catalogue is loaded when it is first asked. */
export const explainCheck = makeExplainCheck(async () => await (await import("./load-registry.ts")).loadRegistry());

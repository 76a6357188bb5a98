import { checks } from "./catalogue/checks.ts";
import { makeRegistry, type Registry } from "./registry.ts";

/** The whole catalogue. Tests and benchmarks are loaded with it: only their bodies are loaded when they run. */
export async function loadRegistry(): Promise<Registry> {
  const [{ tests }, { benchmarks }] = await Promise.all([
    import("./tests/all-tests.ts"),
    import("./benchmarks/all-benchmarks.ts"),
  ]);
  return makeRegistry([...checks, ...tests, ...benchmarks]);
}

/** The checks alone, for a command that can ask nothing else: they load sooner. */
export function loadChecks(): Registry {
  return makeRegistry(checks);
}

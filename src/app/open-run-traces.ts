import type { LoadedConfig } from "../config/load-config.ts";
import type { Log } from "../lib/log.ts";
import type { Traces } from "../telemetry/traces/open-traces.ts";

/** What decides about traces. */
export interface RunTracesRequest {
  readonly loaded: LoadedConfig;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Told of spans that are dropped. */
  readonly log: Log;
}

/**
 * The traces of the runs that this process executes; null when nobody wants them, and then nothing of OpenTelemetry is loaded.
 *
 * @throws UserFileError SECRET_UNRESOLVED when `telemetry.traces.token` leads to nothing.
 */
export async function openRunTraces({ loaded, env, log }: RunTracesRequest): Promise<Traces | null> {
  const { otlp: endpoint, ratio } = loaded.config.telemetry.traces;
  if (endpoint === undefined) return null;
  const [{ openTraces }, { resolveSecretsUnder }] = await Promise.all([
    import("../telemetry/traces/open-traces.ts"),
    import("../config/secret-references.ts"),
  ]);
  const path = "telemetry.traces.token";
  const token = resolveSecretsUnder(loaded, env, path).get(path);
  return openTraces({ endpoint, ratio, log, ...(token === undefined ? {} : { token }) });
}

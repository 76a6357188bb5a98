import { MahavishnuError } from "../../lib/errors.ts";
import { defineUseCase } from "../use-case.ts";

/** What the metrics of a server are asked of; they belong to its process, and not to the workspace. */
export interface ReadMetricsInput {
  /** Null where nothing is counted. */
  readonly render: (() => Promise<string>) | null;
}

/** `/metrics`. @throws MahavishnuError NOT_FOUND where nothing is counted */
export const readMetrics = defineUseCase<ReadMetricsInput, string>({
  name: "readMetrics",
  permission: "telemetry:read",
  writes: false,
  resource: () => ({ name: "metrics" }),
  run: async (_context, { render }) => {
    if (render !== null) return await render();
    throw new MahavishnuError("NOT_FOUND", "this server counts nothing: telemetry.metrics.enabled is false", {
      fix: "Set telemetry.metrics.enabled to true and restart the server.",
    });
  },
});

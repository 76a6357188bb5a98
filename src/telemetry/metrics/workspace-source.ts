import { statfs } from "node:fs/promises";
import type { Store } from "../../store/contract.ts";
import type { GaugePoint, MetricSource } from "./metric-family.ts";

/** States of runs that are told of also when there is none. */
const activeStates = ["queued", "running", "paused", "cancelling", "interrupted"] as const;

/** Reads what waits and goes on in the workspace: at every server the same. */
export function workloadSource(
  store: Pick<Store, "readWorkload">,
  limits: { readonly runs: number; readonly steps: number },
): MetricSource {
  return {
    name: "workload",
    collect: async () => {
      const { active, oldestQueuedAt, runSlots, stepSlots } = await store.readWorkload();
      const waited = oldestQueuedAt === null ? 0 : Math.max(0, Date.now() - oldestQueuedAt) / 1_000;
      const points: GaugePoint[] = [
        { name: "mahavishnu_queue_depth", labels: {}, value: active["queued"] ?? 0 },
        { name: "mahavishnu_queue_oldest_seconds", labels: {}, value: waited },
        { name: "mahavishnu_slots_in_use", labels: { kind: "run" }, value: runSlots },
        { name: "mahavishnu_slots_in_use", labels: { kind: "step" }, value: stepSlots },
        { name: "mahavishnu_slots_limit", labels: { kind: "run" }, value: limits.runs },
        { name: "mahavishnu_slots_limit", labels: { kind: "step" }, value: limits.steps },
      ];
      for (const state of activeStates) {
        points.push({ name: "mahavishnu_runs_active", labels: { state }, value: active[state] ?? 0 });
      }
      return points;
    },
  };
}

/** Tells what is free on the disk of a folder. */
export function diskSource(folder: string): MetricSource {
  return {
    name: "disk",
    collect: async () => {
      const { bavail, bsize } = await statfs(folder);
      return [{ name: "mahavishnu_disk_free_bytes", labels: {}, value: bavail * bsize }];
    },
  };
}

import { arch, availableParallelism, cpus, loadavg, platform, release, totalmem } from "node:os";
import type { Calibration, Machine } from "./report/report.ts";

/** The machine as every report names it. */
export function describeMachine(): Machine {
  return {
    os: `${platform()} ${release()}`,
    arch: arch(),
    node: process.version,
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    load: null,
    calibration: null,
    unfit: [],
  };
}

/** The machine as it was before the benchmarks, with why its figures are not to be trusted. */
export function withCalibration(machine: Machine, calibration: NonNullable<Machine["calibration"]>): Machine {
  const load = platform() === "win32" ? null : (loadavg()[0] ?? null);
  return { ...machine, load, calibration, unfit: findUnfitness(machine, calibration, load) };
}

/** Coefficients of variation above which a machine is too busy or too slowed to compare figures on. */
const steady: Readonly<Record<"cpu" | "fsync" | "spawn", number>> = { cpu: 0.25, fsync: 1, spawn: 0.5 };

function findUnfitness(
  machine: Machine,
  calibration: NonNullable<Machine["calibration"]>,
  load: number | null,
): string[] {
  const reasons = (["cpu", "fsync", "spawn"] as const)
    .filter((name) => calibration[name].variation > steady[name])
    .map((name) => `${name} calibration varies by ${percent(calibration[name])}`);
  if (load !== null && load > 2 * machine.cores)
    reasons.push(`the load is ${load.toFixed(1)} on ${machine.cores} cores`);
  return reasons;
}

function percent({ variation }: Calibration): string {
  return `${Math.round(variation * 100)} %`;
}

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { fail, type Finding, ok, type Probe, type Subject, warn } from "./finding.ts";
import { askDate, listHosts } from "./list-hosts.ts";

/** A clock that was never set begins in 1970, or where its firmware was made. */
const earliest = Date.UTC(2025, 0, 1);
const watchedMs = 200;
/** Clocks are steered by less; leases and tokens mind more. */
const jumpMs = 50;
/** A `Date` header has whole seconds, and the answer took its time. */
const skewWarnMs = 5_000;
const skewFailMs = 60_000;

const setClock = {
  text: "Set the clock, and keep it right with chrony or systemd-timesyncd.",
  command: "timedatectl set-ntp true",
};

async function lookAtClock(_subject: Subject, signal: AbortSignal): Promise<Finding> {
  const now = Date.now();
  const ahead = now - performance.now();
  if (now < earliest) return fail(`the clock says ${new Date(now).toISOString()}: it is not set`, setClock);
  await delay(watchedMs, undefined, { signal });
  const jump = Math.round(Date.now() - performance.now() - ahead);
  const figures = { time: new Date(now).toISOString(), jumpMs: jump };
  if (Math.abs(jump) < jumpMs) return ok(`the clock says ${figures.time}, and goes on evenly`, figures);
  return warn(
    `the clock jumped by ${jump} ms within ${watchedMs} ms: leases of runs are judged by it`,
    setClock,
    figures,
  );
}

async function lookAtSynchronised({ env }: Subject, signal: AbortSignal): Promise<Finding> {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const isSynchronised = await askSystem(env, signal);
  const figures = { zone, synchronised: isSynchronised };
  if (isSynchronised === null)
    return ok(`time zone ${zone}; whether the clock is kept right is not told here`, figures);
  if (isSynchronised) return ok(`time zone ${zone}; the clock is kept right over the network`, figures);
  return warn(`time zone ${zone}; nobody keeps the clock right`, setClock, figures);
}

async function askSystem(env: Subject["env"], signal: AbortSignal): Promise<boolean | null> {
  if (existsSync("/run/systemd/timesync/synchronized")) return true;
  // Without systemd the question takes as long as its bus does not answer.
  if (!existsSync("/run/systemd/system")) return null;
  try {
    const options = { env: { ...env }, timeout: 1_500, signal };
    const { stdout } = await promisify(execFile)("timedatectl", ["show", "-p", "NTPSynchronized", "--value"], options);
    return stdout.trim() === "yes";
  } catch {
    return null;
  }
}

async function lookAtSkew(subject: Subject, signal: AbortSignal): Promise<Finding> {
  const server = listHosts(subject).find(({ role }) => role === "issuer");
  if (server === undefined) return ok("no issuer is configured whose clock could be compared");
  const skew = await askDate(server, signal);
  if (skew === null) return ok(`the clock of ${server.host} is not told, or it cannot be reached`);
  const figures = { host: server.host, skewMs: skew };
  const told = `the clock is ${Math.abs(Math.round(skew / 1_000))} s ${skew < 0 ? "behind" : "ahead of"} that of ${server.host}`;
  if (Math.abs(skew) < skewWarnMs) return ok(told, figures);
  return Math.abs(skew) < skewFailMs
    ? warn(told, setClock, figures)
    : fail(`${told}: tokens and signatures are refused`, setClock, figures);
}

/** Whether the time is right. */
export const clockProbes: readonly Probe[] = [
  { id: "clock", look: lookAtClock },
  { id: "clock.synchronised", look: lookAtSynchronised },
  { id: "clock.skew", look: lookAtSkew },
];

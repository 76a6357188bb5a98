import { MahavishnuError } from "../lib/errors.ts";
import type { Report } from "../readiness/report/report.ts";
import type { SuiteEvent } from "../readiness/run-stages.ts";
import { cancelSuite, followSuite, startSuite } from "../readiness/suite-use-cases.ts";
import type { SuiteRequest } from "../readiness/suites/suite-request.ts";
import type { SuiteView } from "../readiness/suites/view-suite.ts";
import type { CommandIo } from "./command-io.ts";
import type { Door } from "./door.ts";
import type { Interruption } from "./interrupts.ts";
import { openRemoteDoor } from "./remote-door.ts";

/** A suite that a server runs. */
export interface RemoteSuite {
  readonly url: string;
  readonly io: CommandIo;
  /** Told of each event as it comes. */
  readonly onEvent: (event: SuiteEvent) => void;
}

/**
 * Lets a server run a suite, and follows it to its report. The first signal ends the suite there, which still gives its report, as here;
 * the second one leaves it alone.
 *
 * @throws MahavishnuError what the suite itself has failed with; SUITE_STATE when there is no report; the interruption when left alone.
 */
export async function runRemoteSuite(request: SuiteRequest, { url, io, onEvent }: RemoteSuite): Promise<Report> {
  const left = new AbortController();
  await using door = openRemoteDoor(url, io, left.signal);
  let id: string | undefined;
  let isCancelled = false;
  const obey = (interruption: Interruption): void => {
    if (id === undefined || isCancelled) {
      left.abort(interruption);
      return;
    }
    isCancelled = true;
    void cancel(door, id);
  };
  using _listening = io.interrupts.subscribe(obey);
  ({ id } = await door.perform(startSuite, request));
  if (io.interrupts.last !== undefined) obey(io.interrupts.last);
  for await (const item of await door.perform(followSuite, { id })) {
    if (item.type === "event") onEvent(item.event);
    else return expectReport(item.suite);
  }
  left.signal.throwIfAborted();
  throw new MahavishnuError("SERVER_ANSWER", `the server does not say how the suite ${id} has ended`);
}

async function cancel(door: Door, id: string): Promise<void> {
  try {
    await door.perform(cancelSuite, { id });
  } catch {
    // It ended in the same moment, or the server has gone: what is followed tells.
  }
}

function expectReport({ id, report, error }: SuiteView): Report {
  if (report !== null) return report;
  if (error !== null) throw new MahavishnuError(error.code, error.message, { fix: error.fix });
  throw new MahavishnuError("SUITE_STATE", `the suite ${id} was interrupted at the server: its process has gone`, {
    fix: "Start it anew.",
  });
}

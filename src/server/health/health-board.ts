import { messageOf } from "../../lib/errors.ts";
import type { Log } from "../../lib/log.ts";

/** As the draft "Health Check Response Format for HTTP APIs" names them: works; works, but somebody should look; does not work. */
export type HealthStatus = "pass" | "warn" | "fail";

/** What one look at a part of the server gave. */
export interface Finding {
  readonly status: HealthStatus;
  readonly observedValue?: number | string;
  readonly observedUnit?: string;
  /** What is wrong and what mends it; with paths, so for those alone who may know them. */
  readonly output?: string;
}

/** A part of the server that can be looked at. */
export interface Probe {
  /** `store:write`: the part, and what is found out about it. */
  readonly name: string;
  readonly componentType: "component" | "datastore" | "system";
  /** A look is not taken again sooner than after this many milliseconds, however often it is asked for. */
  readonly restMs: number;
  /** The same while it did not pass, so that a part which is mended counts soon; `restMs` when left out. */
  readonly restWhileFailingMs?: number;
  /** Milliseconds after which a look that gives nothing says that the part does not work. */
  readonly deadlineMs: number;
  /** What that most likely means. */
  readonly late?: string;
  /** Whoever asks is told of the last look meanwhile, and waits for the first one alone. */
  readonly isSlow?: boolean;
  /** Rejects with what does not work. */
  look(): Promise<Finding>;
}

/** The last look at a part. */
export interface Check extends Finding {
  readonly name: string;
  readonly componentType: Probe["componentType"];
  /** Milliseconds since 1970 when it was looked at. */
  readonly time: number;
}

/** How a server was found. */
export interface HealthReport {
  /** The worst of its parts. */
  readonly status: HealthStatus;
  readonly checks: readonly Check[];
}

/** Whoever asks more often than this is taken to ask this often. */
const leastWatchMs = 500;

const order: readonly HealthStatus[] = ["pass", "warn", "fail"];

/** The worst of some states; `pass` of none. */
export function worstOf(checks: readonly { readonly status: HealthStatus }[]): HealthStatus {
  return order[Math.max(0, ...checks.map(({ status }) => order.indexOf(status)))] ?? "fail";
}

/** One part, looked at by one look at a time. */
class Watched {
  readonly probe: Probe;
  #last: Check | undefined;
  #restUntil = 0;
  /** The look that is going on, also one that has been given up: a part that hangs is not asked again and again. */
  #looking: Promise<Check> | undefined;
  #checking: Promise<Check> | undefined;

  constructor(probe: Probe) {
    this.probe = probe;
  }

  /** The last look, or a new one if that is old enough. Never rejects. */
  async check(): Promise<Check> {
    if (this.#last !== undefined && this.#checking === undefined) {
      if (performance.now() < this.#restUntil || this.#looking !== undefined) return this.#last;
    }
    this.#checking ??= this.#checkNow().finally(() => (this.#checking = undefined));
    return this.probe.isSlow === true && this.#last !== undefined ? this.#last : await this.#checking;
  }

  async #checkNow(): Promise<Check> {
    const { deadlineMs, late: why = "it hangs", restMs, restWhileFailingMs = restMs } = this.probe;
    const output = `gave no sign for ${deadlineMs / 1_000} s: ${why}`;
    const time = Date.now();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<Finding>((resolve) => {
      timer = setTimeout(() => resolve({ status: "fail", output }), deadlineMs);
    });
    this.#looking = this.#look(time).finally(() => {
      this.#looking = undefined;
    });
    const check = this.#describe(await Promise.race([this.#looking, late]), time);
    clearTimeout(timer);
    this.#last = check;
    this.#restUntil = performance.now() + (check.status === "pass" ? restMs : restWhileFailingMs);
    return check;
  }

  async #look(time: number): Promise<Check> {
    try {
      return this.#describe(await this.probe.look(), time);
    } catch (error) {
      return this.#describe({ status: "fail", output: messageOf(error) }, time);
    }
  }

  #describe(finding: Finding, time: number): Check {
    const { name, componentType } = this.probe;
    return { ...finding, name, componentType, time };
  }
}

/** What a board works with. */
export interface HealthBoardOptions {
  readonly probes: readonly Probe[];
  /** Told when a part breaks, and when it works again. */
  readonly log: Log;
  /** Milliseconds between looks that nobody asks for. */
  readonly everyMs: number;
}

/**
 * Knows how the parts of a server are: looks at them by itself, and when it is asked, but never more often than each allows, so that
 * a flood of questions costs nothing.
 *
 * @example
 * await using board = new HealthBoard({ probes, log, everyMs: 5_000 });
 * const { status } = await board.report();
 */
export class HealthBoard implements AsyncDisposable {
  readonly #watched: readonly Watched[];
  readonly #log: Log;
  readonly #said = new Map<string, HealthStatus>();
  readonly #timer: NodeJS.Timeout;
  #report: Promise<HealthReport> | undefined;
  #isStopping = false;
  #untold: (() => void) | undefined;
  /** When it was last asked, and the time before. */
  #asked: readonly number[] = [];

  constructor({ probes, log, everyMs }: HealthBoardOptions) {
    this.#watched = probes.map((probe) => new Watched(probe));
    this.#log = log;
    this.#timer = setInterval(() => void this.report(), everyMs).unref();
  }

  /** How all parts are now. Never rejects. */
  report(): Promise<HealthReport> {
    return (this.#report ??= this.#look().finally(() => (this.#report = undefined)));
  }

  /** The same for somebody who decides by it whether requests are sent here. */
  async tell(): Promise<HealthReport> {
    this.#asked = [...this.#asked.slice(-1), performance.now()];
    if (this.#isStopping) this.#untold?.();
    return this.#isStopping ? stoppingReport() : await this.report();
  }

  /**
   * From now on it says that the server is being stopped. Whoever asks again and again decides by it where requests are sent: it resolves
   * when they have been told, or after `atMostMs`; at once when nobody does.
   */
  async stop({ atMostMs }: { readonly atMostMs: number }): Promise<void> {
    this.#isStopping = true;
    clearInterval(this.#timer);
    const [before, last] = this.#asked;
    if (before === undefined || last === undefined) return;
    const everyMs = last - before;
    if (performance.now() - last > Math.max(leastWatchMs, 3 * everyMs)) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, Math.min(atMostMs, Math.max(leastWatchMs, 2 * everyMs)));
      this.#untold = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#report;
  }

  async #look(): Promise<HealthReport> {
    const checks = await Promise.all(this.#watched.map(async (watched) => await watched.check()));
    for (const check of checks) this.#sayChange(check);
    return { status: worstOf(checks), checks };
  }

  #sayChange({ name, status, output = "" }: Check): void {
    const before = this.#said.get(name) ?? "pass";
    if (status === before || this.#isStopping) return;
    this.#said.set(name, status);
    if (status === "pass") this.#log.info("a part works again", { check: name });
    else
      this.#log[status === "warn" ? "warn" : "error"]("a part does not work as it should", {
        check: name,
        status,
        output,
      });
  }
}

function stoppingReport(): HealthReport {
  const output = "the server is being stopped";
  const check: Check = {
    name: "server:stopping",
    componentType: "component",
    status: "fail",
    time: Date.now(),
    output,
  };
  return { status: "fail", checks: [check] };
}

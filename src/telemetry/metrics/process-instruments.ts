import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Attributes } from "@opentelemetry/api";
import { DataPointType, MeterProvider, MetricReader } from "@opentelemetry/sdk-metrics";
import { gitCalls, storeCalls } from "../../lib/calls.ts";
import { messageOf } from "../../lib/errors.ts";
import type { Log } from "../../lib/log.ts";
import { version } from "../../lib/version.ts";
import { followCalls } from "./follow-calls.ts";
import type { Instruments } from "./instruments.ts";
import type { HistogramPoint, Labels, MetricFamily, NumberPoint } from "./metric-family.ts";
import { definitionOf, isMetricName, type LabelsOf, type MetricName, type MetricNameOf } from "./metric-table.ts";

/** How finely the delay of the event loop is measured. */
const loopResolutionMs = 20;
const loopEveryMs = 1_000;

/**
 * What is measured in this process, by the API of OpenTelemetry: git, the store and the event loop by itself, the rest by whoever
 * calls `instruments`.
 *
 * @example
 * await using process = new ProcessInstruments({ log });
 * process.instruments.countDelivery("delivered");
 * const families = await process.collect();
 */
export class ProcessInstruments implements AsyncDisposable {
  readonly instruments: Instruments;
  readonly #log: Log;
  readonly #provider: MeterProvider;
  readonly #reader = new Reader();
  readonly #followed: DisposableStack;

  constructor({ log }: { readonly log: Log }) {
    this.#log = log;
    this.#provider = new MeterProvider({ readers: [this.#reader] });
    const meter = this.#provider.getMeter("mahavishnu", version);
    const options = (name: MetricName) => {
      const { help: description, unit, buckets } = definitionOf(name);
      return {
        description,
        ...(unit === null ? {} : { unit }),
        ...(buckets === undefined ? {} : { advice: { explicitBucketBoundaries: [...buckets] } }),
      };
    };
    const counter = <Name extends MetricNameOf<"counter">>(name: Name) => {
      const instrument = meter.createCounter(name, options(name));
      return (value: number, labels: LabelsOf<Name>) => instrument.add(value, labels);
    };
    const histogram = <Name extends MetricNameOf<"histogram">>(name: Name) => {
      const instrument = meter.createHistogram(name, options(name));
      return (value: number, labels: LabelsOf<Name>) => instrument.record(value, labels);
    };
    const requests = counter("mahavishnu_http_requests_total");
    const requestTimes = histogram("mahavishnu_http_request_duration_seconds");
    const deliveries = counter("mahavishnu_webhook_deliveries_total");
    const messages = counter("mahavishnu_alert_messages_total");
    const adapterTimes = histogram("mahavishnu_adapter_request_seconds");
    const gitTimes = histogram("mahavishnu_repo_op_seconds");
    const storeTimes = histogram("mahavishnu_db_query_seconds");
    const loopDelays = histogram("mahavishnu_event_loop_delay_seconds");
    this.instruments = {
      countRequest: (operation, status, seconds) => {
        requests(1, { operation, status: String(status) });
        if (seconds !== null) requestTimes(seconds, { operation });
      },
      countDelivery: (result) => deliveries(1, { result }),
      countAlertMessage: (channel, result) => messages(1, { channel, result }),
      observeAdapter: (adapter, seconds) => adapterTimes(seconds, { adapter }),
    };
    // From the start, so that the first one that is given up is not missed.
    for (const result of ["delivered", "retried", "dead"] as const) deliveries(0, { result });
    meter
      .createObservableCounter("process_cpu_seconds_total", options("process_cpu_seconds_total"))
      .addCallback((observed) => {
        const { user, system } = process.cpuUsage();
        observed.observe((user + system) / 1_000_000);
      });
    const observe = (name: MetricName, read: () => number, labels: Attributes = {}): void => {
      meter.createObservableGauge(name, options(name)).addCallback((observed) => observed.observe(read(), labels));
    };
    observe("process_resident_memory_bytes", () => process.memoryUsage.rss());
    const startedAt = (Date.now() - performance.now()) / 1_000;
    observe("process_start_time_seconds", () => startedAt);
    observe("mahavishnu_build_info", () => 1, { version });

    this.#followed = new DisposableStack();
    this.#followed.use(followCalls(gitCalls, ({ verb }, seconds) => gitTimes(seconds, { verb })));
    this.#followed.use(followCalls(storeCalls, ({ kind }, seconds) => storeTimes(seconds, { kind })));
    this.#followed.use(watchEventLoop((seconds) => loopDelays(seconds, {})));
  }

  /** What was measured since the process began. */
  async collect(): Promise<MetricFamily[]> {
    const { resourceMetrics, errors } = await this.#reader.collect();
    for (const error of errors) this.#log.warn("a figure of the process cannot be read", { error: messageOf(error) });
    return resourceMetrics.scopeMetrics.flatMap(({ metrics }) =>
      metrics.flatMap((metric): MetricFamily[] => {
        const { name } = metric.descriptor;
        if (!isMetricName(name) || metric.dataPointType === DataPointType.EXPONENTIAL_HISTOGRAM) return [];
        if (metric.dataPointType === DataPointType.HISTOGRAM) {
          const points = metric.dataPoints.map(({ attributes, value: { buckets, sum = 0 } }): HistogramPoint => ({
            labels: attributes as Labels,
            counts: buckets.counts,
            sum,
          }));
          return [{ name, points }];
        }
        const points = metric.dataPoints.map(({ attributes, value }): NumberPoint => ({
          labels: attributes as Labels,
          value,
        }));
        return [{ name, points }];
      }),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#followed.dispose();
    await this.#provider.shutdown();
  }
}

/** Reads when it is asked to. */
class Reader extends MetricReader {
  protected override async onShutdown(): Promise<void> {
    // It holds nothing.
  }

  protected override async onForceFlush(): Promise<void> {
    // It sends nothing.
  }
}

/** Tells every second by how much the event loop was late at most. */
function watchEventLoop(record: (seconds: number) => void): Disposable {
  const monitor = monitorEventLoopDelay({ resolution: loopResolutionMs });
  monitor.enable();
  const timer = setInterval(() => {
    // It measures the time between two of its own looks, of which their distance is no delay.
    if (monitor.count > 0) record(Math.max(0, monitor.max / 1e9 - loopResolutionMs / 1_000));
    monitor.reset();
  }, loopEveryMs).unref();
  return {
    [Symbol.dispose]: () => {
      clearInterval(timer);
      monitor.disable();
    },
  };
}

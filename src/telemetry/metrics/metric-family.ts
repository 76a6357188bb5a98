import type { MetricName } from "./metric-table.ts";

/** Values of labels by name. */
export type Labels = Readonly<Record<string, string>>;

/** The value of a counter, a gauge or an info. */
export interface NumberPoint {
  readonly labels: Labels;
  readonly value: number;
}

/** How many values lay where, and their sum. */
export interface HistogramPoint {
  readonly labels: Labels;
  /** How many values lay in each bucket, not summed up; one more than there are bounds. */
  readonly counts: readonly number[];
  readonly sum: number;
}

/** All values of one metric at a time. */
export interface MetricFamily {
  readonly name: MetricName;
  readonly points: readonly (NumberPoint | HistogramPoint)[];
}

/** Something of which gauges are read when somebody asks for the metrics. */
export interface MetricSource {
  /** For the log. */
  readonly name: string;
  /**
   * The points that are known; what is unknown is left out, and never 0. What it costs may not grow with the history. When it rejects,
   * or takes too long, its metrics are left out.
   */
  collect(): Promise<readonly GaugePoint[]>;
}

/** The value of a gauge. */
export interface GaugePoint extends NumberPoint {
  readonly name: MetricName;
}

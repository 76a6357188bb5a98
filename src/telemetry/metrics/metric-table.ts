/** How a metric behaves. */
export type MetricType = "counter" | "gauge" | "histogram" | "info";

/** What stands in the table for each metric. */
export interface MetricDefinition {
  readonly type: MetricType;
  /** The name ends with it; null for what is only counted. */
  readonly unit: "seconds" | "bytes" | "ratio" | null;
  readonly labels: readonly string[];
  readonly help: string;
  /** Where it comes from: the journal, the state of the workspace as it is now, the health board, or the server's process. */
  readonly source: "journal" | "workspace" | "health" | "process";
  /** Upper bounds of a histogram's buckets, inclusive. */
  readonly buckets?: readonly number[];
}

const requestBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const;

/**
 * Every metric there is, by name. The help texts of `/metrics`, the reference page and the types of what is measured are made of it.
 * Names and meanings are a promise: a dashboard that somebody has made depends on them.
 */
export const metricTable = {
  mahavishnu_runs_started_total: {
    type: "counter",
    unit: null,
    labels: ["workflow"],
    help: "Runs that have begun; a run that is tried again begins again.",
    source: "journal",
  },
  mahavishnu_runs_finished_total: {
    type: "counter",
    unit: null,
    labels: ["workflow", "state"],
    help: "Runs that are over, by how they ended: succeeded, partial, failed, cancelled.",
    source: "journal",
  },
  mahavishnu_run_duration_seconds: {
    type: "histogram",
    unit: "seconds",
    labels: ["workflow"],
    help: "From when a run began, or was tried again, to its end. Runs that never began are not in it.",
    source: "journal",
    buckets: [0.5, 1, 5, 15, 30, 60, 300, 900, 3_600, 14_400, 86_400],
  },
  mahavishnu_queue_wait_seconds: {
    type: "histogram",
    unit: "seconds",
    labels: [],
    help: "From when a run was asked for, or was to be tried again, to when it began.",
    source: "journal",
    buckets: [0.01, 0.1, 0.5, 1, 5, 15, 60, 300, 900, 3_600, 21_600],
  },
  mahavishnu_targets_finished_total: {
    type: "counter",
    unit: null,
    labels: ["state"],
    help: "Targets that are over, by how they ended: succeeded, failed, cancelled, skipped.",
    source: "journal",
  },
  mahavishnu_step_attempts_total: {
    type: "counter",
    unit: null,
    labels: ["result"],
    help: "Attempts of steps that are over: succeeded, failed, timeout, infrastructure, cancelled, interrupted.",
    source: "journal",
  },
  mahavishnu_queue_depth: {
    type: "gauge",
    unit: null,
    labels: [],
    help: "Runs that wait to begin.",
    source: "workspace",
  },
  mahavishnu_queue_oldest_seconds: {
    type: "gauge",
    unit: "seconds",
    labels: [],
    help: "How long the run has waited that has waited the longest; 0 when none waits.",
    source: "workspace",
  },
  mahavishnu_runs_active: {
    type: "gauge",
    unit: null,
    labels: ["state"],
    help: "Runs that are not over, by state: queued, running, paused, cancelling, and interrupted when nobody goes on with them.",
    source: "workspace",
  },
  mahavishnu_slots_in_use: {
    type: "gauge",
    unit: null,
    labels: ["kind"],
    help: "Slots of the workspace that are taken: of runs and of steps.",
    source: "workspace",
  },
  mahavishnu_slots_limit: {
    type: "gauge",
    unit: null,
    labels: ["kind"],
    help: "Slots that there are: limits.maxConcurrentWorkflows for runs, limits.maxConcurrentSteps for steps.",
    source: "workspace",
  },
  mahavishnu_state_bytes: {
    type: "gauge",
    unit: "bytes",
    labels: [],
    help: "Size of the files in the state folder. It is measured now and then.",
    source: "workspace",
  },
  mahavishnu_disk_free_bytes: {
    type: "gauge",
    unit: "bytes",
    labels: [],
    help: "What is free for this user on the disk of the state folder.",
    source: "workspace",
  },
  mahavishnu_backup_last_success_timestamp_seconds: {
    type: "gauge",
    unit: "seconds",
    labels: [],
    help: "When the last good backup was made, in seconds since 1970.",
    source: "workspace",
  },
  mahavishnu_backup_last_bytes: {
    type: "gauge",
    unit: "bytes",
    labels: [],
    help: "Size of the last good backup.",
    source: "workspace",
  },
  mahavishnu_backups: {
    type: "gauge",
    unit: null,
    labels: [],
    help: "Good backups that there are.",
    source: "workspace",
  },
  mahavishnu_alerts_firing: {
    type: "gauge",
    unit: null,
    labels: ["severity"],
    help: "Alerts that are firing, by severity.",
    source: "workspace",
  },
  mahavishnu_slo_burn_rate: {
    type: "gauge",
    unit: null,
    labels: ["slo", "window"],
    help: "How much faster than planned the error budget is spent, over the window; 1 spends it exactly.",
    source: "workspace",
  },
  mahavishnu_slo_budget_remaining_ratio: {
    type: "gauge",
    unit: "ratio",
    labels: ["slo"],
    help: "The part of the error budget that is left; below 0 when more was spent than there is.",
    source: "workspace",
  },
  mahavishnu_adapter_up: {
    type: "gauge",
    unit: null,
    labels: ["adapter"],
    help: "1 when a run went through the adapter at the last look, else 0.",
    source: "health",
  },
  mahavishnu_health_up: {
    type: "gauge",
    unit: null,
    labels: ["part"],
    help: "1 when the part of the server works, even if somebody should look at it, else 0.",
    source: "health",
  },
  mahavishnu_http_requests_total: {
    type: "counter",
    unit: null,
    labels: ["operation", "status"],
    help: "Requests answered, by operation of the API and HTTP status.",
    source: "process",
  },
  mahavishnu_http_request_duration_seconds: {
    type: "histogram",
    unit: "seconds",
    labels: ["operation"],
    help: "From when a request came in to the end of its answer. Streams are not in it.",
    source: "process",
    buckets: requestBuckets,
  },
  mahavishnu_repo_op_seconds: {
    type: "histogram",
    unit: "seconds",
    labels: ["verb"],
    help: "How long commands of git took that the server itself executed.",
    source: "process",
    buckets: [0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60, 300],
  },
  mahavishnu_db_query_seconds: {
    type: "histogram",
    unit: "seconds",
    labels: ["kind"],
    help: "How long work of the state store took: a read, or a commit of what was asked for together.",
    source: "process",
    buckets: [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5],
  },
  mahavishnu_adapter_request_seconds: {
    type: "histogram",
    unit: "seconds",
    labels: ["adapter"],
    help: "How long it took to ask an adapter whether it works.",
    source: "process",
    buckets: requestBuckets,
  },
  mahavishnu_webhook_deliveries_total: {
    type: "counter",
    unit: null,
    labels: ["result"],
    help: "Attempts to deliver a webhook: delivered, retried when it is tried again, dead when it is given up.",
    source: "process",
  },
  mahavishnu_alert_messages_total: {
    type: "counter",
    unit: null,
    labels: ["channel", "result"],
    help: "Attempts to send a message of an alert: delivered, retried when it is tried again, dead when it is given up.",
    source: "process",
  },
  mahavishnu_event_loop_delay_seconds: {
    type: "histogram",
    unit: "seconds",
    labels: [],
    help: "The longest time of each second by which the server was late for anything.",
    source: "process",
    buckets: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5],
  },
  process_cpu_seconds_total: {
    type: "counter",
    unit: "seconds",
    labels: [],
    help: "Processor time of the server's process.",
    source: "process",
  },
  process_resident_memory_bytes: {
    type: "gauge",
    unit: "bytes",
    labels: [],
    help: "Memory of the server's process.",
    source: "process",
  },
  process_start_time_seconds: {
    type: "gauge",
    unit: "seconds",
    labels: [],
    help: "When the server's process was started, in seconds since 1970.",
    source: "process",
  },
  mahavishnu_build_info: {
    type: "info",
    unit: null,
    labels: ["version"],
    help: "1, with the version of the server.",
    source: "process",
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>;

/** The name of a metric. */
export type MetricName = keyof typeof metricTable;

/** Names of the metrics of one type. */
export type MetricNameOf<Type extends MetricType> = {
  [Name in MetricName]: (typeof metricTable)[Name]["type"] extends Type ? Name : never;
}[MetricName];

/** The labels of a metric, each with its value. */
export type LabelsOf<Name extends MetricName> = Readonly<Record<(typeof metricTable)[Name]["labels"][number], string>>;

/** What the table says of a metric. */
export function definitionOf(name: MetricName): MetricDefinition {
  return metricTable[name];
}

/** Whether there is such a metric. */
export function isMetricName(name: string): name is MetricName {
  return Object.hasOwn(metricTable, name);
}

import type { MetricName } from "../../src/telemetry/metrics/metric-table.ts";

/** What one panel shows. */
export interface PanelSpec {
  readonly kind: "stat" | "timeseries";
  readonly title: string;
  /** What it means and when to worry; shown behind the (i) of the panel. */
  readonly description: string;
  readonly unit: "short" | "s" | "bytes" | "percentunit" | "reqps" | "ops" | "dateTimeFromNow";
  /** Queries with their legends. */
  readonly queries: readonly (readonly [query: string, legend: string])[];
  /** Of a stat, when it turns from green to red: above the value, or below it. */
  readonly bad?: { readonly above: number } | { readonly below: number };
  readonly max?: number;
  /** Shown where there is nothing. */
  readonly noValue?: string;
}

/** Panels under one heading. */
export interface RowSpec {
  readonly title: string;
  readonly panels: readonly PanelSpec[];
}

/** The servers that are looked at. */
const servers = 'job=~"$job", instance=~"$instance"';
/** What the journal and the workspace tell is the same at every server of it: one answer, and not the sum. */
const same = "without (instance, pod)";

function of(name: MetricName, more = "", suffix = ""): string {
  return `${name}${suffix}{${servers}${more === "" ? "" : `, ${more}`}}`;
}

function rate(name: MetricName, more = "", suffix = ""): string {
  return `rate(${of(name, more, suffix)}[$__rate_interval])`;
}

/** How fast something goes that every server counts alike, by some of its labels. */
function journalRate(name: MetricName, by: string, more = ""): string {
  return `sum by (${by}) (max ${same} (${rate(name, more)}))`;
}

/** The times below which half, and 95 of 100, of what is measured stay. */
function quantiles(name: MetricName, by: string, from: "journal" | "process"): (readonly [string, string])[] {
  const buckets = rate(name, "", "_bucket");
  const sum = from === "journal" ? `max ${same} (${buckets})` : buckets;
  const legend = by === "" ? "" : ` {{${by}}}`;
  return (
    [
      ["0.5", "median"],
      ["0.95", "p95"],
    ] as const
  ).map(([share, name_]) => [
    `histogram_quantile(${share}, sum by (le${by === "" ? "" : `, ${by}`}) (${sum}))`,
    `${name_}${legend}`,
  ]);
}

/** All that is shown, from what is most urgent down: every metric there is. */
export const dashboardRows: readonly RowSpec[] = [
  {
    title: "Now",
    panels: [
      {
        kind: "stat",
        title: "Servers that answer",
        description: "Servers that Prometheus could ask at the last scrape. With none, nothing begins that waits.",
        unit: "short",
        queries: [[`count(up{${servers}} == 1) or vector(0)`, "servers"]],
        bad: { below: 1 },
      },
      {
        kind: "stat",
        title: "Parts that do not work",
        description: "Parts of the servers that fail their probes: `mahavishnu_health_up`. /readyz?verbose tells why.",
        unit: "short",
        queries: [[`sum(1 - ${of("mahavishnu_health_up")})`, "parts"]],
        bad: { above: 0 },
      },
      {
        kind: "stat",
        title: "Alerts that fire",
        description: "Alerts of the workspace's own rules; `mahavishnu alerts list` names them.",
        unit: "short",
        queries: [[`sum(max ${same} (${of("mahavishnu_alerts_firing")}))`, "alerts"]],
        bad: { above: 0 },
        noValue: "no rules",
      },
      {
        kind: "stat",
        title: "Runs that wait",
        description: "Runs that wait to begin.",
        unit: "short",
        queries: [[`max(${of("mahavishnu_queue_depth")})`, "runs"]],
      },
      {
        kind: "stat",
        title: "Longest wait",
        description: "How long the run has waited that has waited the longest.",
        unit: "s",
        queries: [[`max(${of("mahavishnu_queue_oldest_seconds")})`, "wait"]],
        bad: { above: 900 },
      },
      {
        kind: "stat",
        title: "Last good backup",
        description: "When the last good backup was made. It has to be younger than a day.",
        unit: "s",
        queries: [[`time() - max(${of("mahavishnu_backup_last_success_timestamp_seconds")})`, "age"]],
        bad: { above: 90_000 },
        noValue: "none",
      },
    ],
  },
  {
    title: "Runs",
    panels: [
      {
        kind: "timeseries",
        title: "Runs that ended",
        description: "Runs that are over, for each second, by how they ended.",
        unit: "ops",
        queries: [[journalRate("mahavishnu_runs_finished_total", "state"), "{{state}}"]],
      },
      {
        kind: "timeseries",
        title: "Part of the runs that succeeded",
        description: "Of the runs that are over and were not cancelled.",
        unit: "percentunit",
        max: 1,
        queries: [
          [
            `${journalRate("mahavishnu_runs_finished_total", "", 'state="succeeded"')} / ${journalRate("mahavishnu_runs_finished_total", "", 'state!="cancelled"')}`,
            "succeeded",
          ],
        ],
      },
      {
        kind: "timeseries",
        title: "Runs that go on",
        description: "Runs that are not over, by state. Interrupted ones have nobody who goes on with them.",
        unit: "short",
        queries: [[`max ${same} (${of("mahavishnu_runs_active")})`, "{{state}}"]],
      },
      {
        kind: "timeseries",
        title: "How long runs take",
        description: "From when a run began, or was tried again, to its end.",
        unit: "s",
        queries: quantiles("mahavishnu_run_duration_seconds", "workflow", "journal"),
      },
      {
        kind: "timeseries",
        title: "How long runs wait",
        description: "From when a run was asked for to when it began.",
        unit: "s",
        queries: quantiles("mahavishnu_queue_wait_seconds", "", "journal"),
      },
      {
        kind: "timeseries",
        title: "Runs that began, by workflow",
        description: "For each second.",
        unit: "ops",
        queries: [[journalRate("mahavishnu_runs_started_total", "workflow"), "{{workflow}}"]],
      },
      {
        kind: "timeseries",
        title: "Targets that ended",
        description: "For each second, by how they ended.",
        unit: "ops",
        queries: [[journalRate("mahavishnu_targets_finished_total", "state"), "{{state}}"]],
      },
      {
        kind: "timeseries",
        title: "Attempts of steps",
        description:
          "For each second, by how they ended. `infrastructure` is the machine's fault and not the workflow's.",
        unit: "ops",
        queries: [[journalRate("mahavishnu_step_attempts_total", "result"), "{{result}}"]],
      },
      {
        kind: "timeseries",
        title: "Slots in use",
        description: "The part of the slots for runs and for steps that is taken. At 100 % the rest waits.",
        unit: "percentunit",
        max: 1,
        queries: [
          [
            `max ${same} (${of("mahavishnu_slots_in_use")}) / max ${same} (${of("mahavishnu_slots_limit")})`,
            "{{kind}}",
          ],
        ],
      },
    ],
  },
  {
    title: "Objectives and alerts",
    panels: [
      {
        kind: "timeseries",
        title: "Error budget that is left",
        description:
          "Of each objective of `telemetry.slos`; below 0 when more was spent than there is. Absent where no run has ended.",
        unit: "percentunit",
        max: 1,
        queries: [[`max ${same} (${of("mahavishnu_slo_budget_remaining_ratio")})`, "{{slo}}"]],
      },
      {
        kind: "timeseries",
        title: "How fast budgets are spent",
        description: "1 spends the budget exactly within its window; 14.4 over an hour is an emergency.",
        unit: "short",
        queries: [[`max ${same} (${of("mahavishnu_slo_burn_rate", 'window=~"1h|6h"')})`, "{{slo}} over {{window}}"]],
      },
      {
        kind: "timeseries",
        title: "Messages of alerts",
        description: "Attempts to tell the channels, for each second. `dead` ones were given up: nobody was told.",
        unit: "ops",
        queries: [[`sum by (channel, result) (${rate("mahavishnu_alert_messages_total")})`, "{{channel}} {{result}}"]],
      },
      {
        kind: "timeseries",
        title: "Webhooks",
        description: "Attempts to deliver a webhook, for each second.",
        unit: "ops",
        queries: [[`sum by (result) (${rate("mahavishnu_webhook_deliveries_total")})`, "{{result}}"]],
      },
    ],
  },
  {
    title: "Server",
    panels: [
      {
        kind: "timeseries",
        title: "Requests",
        description: "Requests answered, for each second, by status.",
        unit: "reqps",
        queries: [[`sum by (status) (${rate("mahavishnu_http_requests_total")})`, "{{status}}"]],
      },
      {
        kind: "timeseries",
        title: "How long requests take",
        description: "To the end of the answer; streams are not in it.",
        unit: "s",
        queries: quantiles("mahavishnu_http_request_duration_seconds", "", "process"),
      },
      {
        kind: "timeseries",
        title: "Parts that work",
        description: "1 where the part of the server works.",
        unit: "short",
        max: 1,
        queries: [[`min by (part) (${of("mahavishnu_health_up")})`, "{{part}}"]],
      },
      {
        kind: "timeseries",
        title: "Adapters that work",
        description: "1 where a run went through the adapter at the last look.",
        unit: "short",
        max: 1,
        queries: [[`min by (adapter) (${of("mahavishnu_adapter_up")})`, "{{adapter}}"]],
      },
      {
        kind: "timeseries",
        title: "How long adapters take to answer",
        description: "When they are asked whether they work.",
        unit: "s",
        queries: quantiles("mahavishnu_adapter_request_seconds", "adapter", "process"),
      },
      {
        kind: "timeseries",
        title: "State store",
        description: "How long reads and commits take.",
        unit: "s",
        queries: quantiles("mahavishnu_db_query_seconds", "kind", "process"),
      },
      {
        kind: "timeseries",
        title: "Git",
        description: "How long commands of git take that the servers themselves execute.",
        unit: "s",
        queries: quantiles("mahavishnu_repo_op_seconds", "verb", "process"),
      },
      {
        kind: "timeseries",
        title: "Event loop",
        description: "The longest time of each second by which a server was late for anything.",
        unit: "s",
        queries: quantiles("mahavishnu_event_loop_delay_seconds", "", "process"),
      },
      {
        kind: "timeseries",
        title: "Processor",
        description: "Processors that each server keeps busy.",
        unit: "short",
        queries: [[`sum by (instance) (${rate("process_cpu_seconds_total")})`, "{{instance}}"]],
      },
      {
        kind: "timeseries",
        title: "Memory",
        description: "Memory of each server's process.",
        unit: "bytes",
        queries: [[`sum by (instance) (${of("process_resident_memory_bytes")})`, "{{instance}}"]],
      },
      {
        kind: "timeseries",
        title: "Time since the start",
        description: "Of each server. Falls to 0 when one was started anew.",
        unit: "s",
        queries: [[`time() - max by (instance) (${of("process_start_time_seconds")})`, "{{instance}}"]],
      },
      {
        kind: "timeseries",
        title: "Versions",
        description: "Servers by their version.",
        unit: "short",
        queries: [[`count by (version) (${of("mahavishnu_build_info")})`, "{{version}}"]],
      },
    ],
  },
  {
    title: "State",
    panels: [
      {
        kind: "timeseries",
        title: "Size of the state",
        description: "The files of the state folder; `retention` bounds them.",
        unit: "bytes",
        queries: [[`max(${of("mahavishnu_state_bytes")})`, "state"]],
      },
      {
        kind: "timeseries",
        title: "Free disk",
        description: "On the disk of the state folder.",
        unit: "bytes",
        queries: [[`min(${of("mahavishnu_disk_free_bytes")})`, "free"]],
      },
      {
        kind: "timeseries",
        title: "Size of the last backup",
        description: "Bytes of the last good backup.",
        unit: "bytes",
        queries: [[`max(${of("mahavishnu_backup_last_bytes")})`, "backup"]],
      },
      {
        kind: "timeseries",
        title: "Backups",
        description: "Good backups that there are; `backup.keep` bounds them.",
        unit: "short",
        queries: [[`max(${of("mahavishnu_backups")})`, "backups"]],
      },
    ],
  },
];

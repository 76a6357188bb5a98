import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { root } from "../../scripts/lib/root.ts";
import { needTools, runTool } from "./tools.ts";

const rulesFile = join(root, "deploy/prometheus/mahavishnu.rules.yaml");

interface Rule {
  readonly alert: string;
  readonly labels: { readonly severity: string };
  readonly annotations: Readonly<Record<string, string>>;
}

const rules = (parse(readFileSync(rulesFile, "utf8")) as { groups: { rules: Rule[] }[] }).groups.flatMap(
  (group) => group.rules,
);

const folder = mkdtempSync(join(tmpdir(), "rules-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The values of a metric, a minute apart, in promtool's own notation. */
type Series = Readonly<Record<string, string>>;

interface Case {
  /** What makes it fire, at minute `at`. */
  readonly fire: Series;
  readonly at: number;
  /** What is just not so bad. */
  readonly clear: Series;
  /** The labels of what fires, besides severity and name. */
  readonly labels: Readonly<Record<string, string>>;
  /** It is about there being nothing: with no data at all it fires. */
  readonly firesOnNothing?: boolean;
}

const at = `job="mahavishnu",instance="a"`;
const up = { [`up{${at}}`]: "1x400" };
const job = { job: "mahavishnu" };
const burning = (long: string, short: string, high: string, low: string): Series => ({
  [`mahavishnu_slo_burn_rate{${at},slo="nightly",window="${long}"}`]: `${high}x400`,
  [`mahavishnu_slo_burn_rate{${at},slo="nightly",window="${short}"}`]: `${low}x400`,
});
const slo = { ...job, slo: "nightly", window: "1h" };

const cases: Readonly<Record<string, Case>> = {
  MahavishnuQueueStuck: {
    // Two servers tell of the same queue, and it is one alert.
    fire: {
      [`mahavishnu_queue_oldest_seconds{${at}}`]: "0+60x60",
      'mahavishnu_queue_oldest_seconds{job="mahavishnu",instance="b"}': "0+60x60",
    },
    at: 25,
    clear: { [`mahavishnu_queue_oldest_seconds{${at}}`]: "899x60" },
    labels: job,
  },
  MahavishnuRunsFailing: {
    fire: {
      [`mahavishnu_runs_finished_total{${at},workflow="w",state="failed"}`]: "0+1x90",
      [`mahavishnu_runs_finished_total{${at},workflow="w",state="succeeded"}`]: "0+3x90",
    },
    at: 70,
    // A tenth fails; and of few runs nothing is concluded.
    clear: {
      [`mahavishnu_runs_finished_total{${at},workflow="w",state="failed"}`]: "0+1x90",
      [`mahavishnu_runs_finished_total{${at},workflow="w",state="succeeded"}`]: "0+9x90",
      [`mahavishnu_runs_finished_total{${at.replace("mahavishnu", "other")},workflow="w",state="failed"}`]: "0x30 3x60",
    },
    labels: job,
  },
  MahavishnuStepInfrastructureFailures: {
    fire: { [`mahavishnu_step_attempts_total{${at},result="infrastructure"}`]: "0+1x60" },
    at: 30,
    clear: {
      [`mahavishnu_step_attempts_total{${at},result="infrastructure"}`]: "0x20 2x40",
      [`mahavishnu_step_attempts_total{${at},result="failed"}`]: "0+5x60",
    },
    labels: { ...job, result: "infrastructure" },
  },
  MahavishnuServerAbsent: {
    fire: { [`up{${at}}`]: "0x60" },
    at: 10,
    // One of two servers is enough.
    clear: { ...up, 'up{job="mahavishnu",instance="b"}': "0x60" },
    labels: {},
    firesOnNothing: true,
  },
  MahavishnuHealthPartDown: {
    fire: { [`mahavishnu_health_up{${at},part="store:write"}`]: "0x60" },
    at: 5,
    clear: { [`mahavishnu_health_up{${at},part="store:write"}`]: "1x60" },
    labels: { ...job, instance: "a", part: "store:write" },
  },
  MahavishnuAdapterDown: {
    fire: { [`mahavishnu_adapter_up{${at},adapter="embedded"}`]: "0x60" },
    at: 10,
    clear: { [`mahavishnu_adapter_up{${at},adapter="embedded"}`]: "1x60" },
    labels: { ...job, instance: "a", adapter: "embedded" },
  },
  MahavishnuDiskFilling: {
    fire: { [`mahavishnu_disk_free_bytes{${at}}`]: "1e9x60" },
    at: 20,
    clear: { [`mahavishnu_disk_free_bytes{${at}}`]: "2e9x60" },
    labels: job,
  },
  MahavishnuAlertMessagesDead: {
    fire: { [`mahavishnu_alert_messages_total{${at},channel="mail",result="dead"}`]: "0x5 1x60" },
    at: 10,
    clear: {
      [`mahavishnu_alert_messages_total{${at},channel="mail",result="dead"}`]: "7x60",
      [`mahavishnu_alert_messages_total{${at},channel="mail",result="retried"}`]: "0+1x60",
    },
    labels: { ...job, channel: "mail", result: "dead" },
  },
  MahavishnuWebhookDeliveriesDead: {
    fire: { [`mahavishnu_webhook_deliveries_total{${at},result="dead"}`]: "0x5 1x60" },
    at: 10,
    clear: {
      [`mahavishnu_webhook_deliveries_total{${at},result="dead"}`]: "7x60",
      [`mahavishnu_webhook_deliveries_total{${at},result="retried"}`]: "0+1x60",
    },
    labels: { ...job, result: "dead" },
  },
  MahavishnuBackupStale: {
    // The clock of the test begins at 1970: a day and an hour later, and the hour for which it holds.
    fire: { [`mahavishnu_backup_last_success_timestamp_seconds{${at}}`]: "0x2000", [`up{${at}}`]: "1x2000" },
    at: 1_560,
    clear: { [`mahavishnu_backup_last_success_timestamp_seconds{${at}}`]: "0+60x2000", [`up{${at}}`]: "1x2000" },
    labels: job,
  },
  MahavishnuSloBurnFast: {
    fire: burning("1h", "5m", "15", "20"),
    at: 10,
    // The long window still remembers what is over.
    clear: burning("1h", "5m", "15", "0"),
    labels: slo,
  },
  MahavishnuSloBurnMedium: {
    fire: burning("6h", "30m", "7", "8"),
    at: 10,
    clear: burning("6h", "30m", "5.9", "8"),
    labels: { ...slo, window: "6h" },
  },
  MahavishnuSloBurnSlow: {
    fire: burning("3d", "6h", "1.5", "2"),
    at: 30,
    clear: burning("3d", "6h", "1.5", "0.5"),
    labels: { ...slo, window: "3d" },
  },
};

/** The labels of what fires of one rule at a minute, each as promtool writes them. */
function fires(rule: Rule, series: Series, minute: number): readonly string[] {
  const file = join(folder, `${rule.alert}.yaml`);
  const document = {
    rule_files: [rulesFile],
    evaluation_interval: "1m",
    tests: [
      {
        interval: "1m",
        input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
        // That nothing fires is what is expected; when that is wrong, promtool says what does.
        alert_rule_test: [{ eval_time: `${minute}m`, alertname: rule.alert, exp_alerts: [] }],
      },
    ],
  };
  writeFileSync(file, stringify(document));
  const { status, text } = runTool("promtool", ["test", "rules", file]);
  if (status === 0) return [];
  expect(text).toContain("got:");
  return [...text.slice(text.indexOf("got:")).matchAll(/Labels:(\{[^}]*\})/gu)].map((match) => match[1] ?? "");
}

function describeLabels(rule: Rule, labels: Readonly<Record<string, string>>): string {
  const all = Object.entries({ ...labels, alertname: rule.alert, severity: rule.labels.severity });
  const sorted = all.toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${sorted.map(([name, value]) => `${name}="${value}"`).join(", ")}}`;
}

function caseOf(rule: Rule): Case {
  const own = cases[rule.alert];
  if (own === undefined) throw new Error(`no case for ${rule.alert}`);
  return own;
}

describe("the shipped rules", () => {
  it("are taken by promtool, which sees a planted fault", (context) => {
    needTools(context, "promtool");
    const { status, text } = runTool("promtool", ["check", "rules", "--lint-fatal", rulesFile]);
    expect(status, text).toBe(0);
    const wrong = join(folder, "wrong.yaml");
    writeFileSync(wrong, readFileSync(rulesFile, "utf8").replace("max without (instance)", "maxx without (instance)"));
    expect(runTool("promtool", ["check", "rules", wrong]).status).not.toBe(0);
  });

  it("each have a case here, and a runbook", () => {
    expect(Object.keys(cases).toSorted()).toEqual(rules.map(({ alert }) => alert).toSorted());
    const headings = readFileSync(join(root, "docs/operations.md"), "utf8");
    for (const { alert, annotations } of rules) {
      expect(annotations["runbook_url"]).toMatch(new RegExp(`/operations\\.md#${alert.toLowerCase()}$`, "u"));
      expect(headings).toContain(`\n### ${alert}\n`);
      expect(annotations["summary"]).toBeTruthy();
      expect(annotations["description"]).toBeTruthy();
    }
  });

  for (const rule of rules) {
    it(`${rule.alert} fires once, is clear, and says nothing of no data`, (context) => {
      needTools(context, "promtool");
      const { fire, at: minute, clear, labels, firesOnNothing = false } = caseOf(rule);
      expect(fires(rule, fire, minute)).toEqual([describeLabels(rule, labels)]);
      expect(fires(rule, clear, minute)).toEqual([]);
      // Another program's figures, and none of ours.
      expect(fires(rule, { 'up{job="other",instance="x"}': "1x2000" }, minute)).toHaveLength(firesOnNothing ? 1 : 0);
    });
  }

  it("MahavishnuBackupStale fires too when a server has no backup at all", (context) => {
    needTools(context, "promtool");
    const rule = rules.find(({ alert }) => alert === "MahavishnuBackupStale");
    if (rule === undefined) throw new Error("there is no such rule");
    expect(fires(rule, up, 70)).toEqual([describeLabels(rule, job)]);
    expect(fires(rule, up, 50)).toEqual([]);
  });

  it("MahavishnuDiskFilling fires too when there is room, but not for a day", (context) => {
    needTools(context, "promtool");
    const rule = rules.find(({ alert }) => alert === "MahavishnuDiskFilling");
    if (rule === undefined) throw new Error("there is no such rule");
    expect(fires(rule, { [`mahavishnu_disk_free_bytes{${at}}`]: "15e9-2e7x90" }, 60)).toEqual([
      describeLabels(rule, job),
    ]);
  });
});

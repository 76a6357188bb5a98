import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { type Log, silentLog } from "../../lib/log.ts";
import { withStore } from "../../store/store-fixture.ts";
import { JournalFollower } from "./journal-follower.ts";
import type { GaugePoint } from "./metric-family.ts";
import { Metrics } from "./metrics.ts";
import { ProcessInstruments } from "./process-instruments.ts";

async function withMetrics(
  body: (metrics: Metrics, told: readonly string[]) => Promise<void>,
  patienceMs = 60_000,
): Promise<void> {
  await withStore(async (store) => {
    const told: string[] = [];
    const tell: Log["warn"] = (message, fields) => void told.push(`${message}: ${JSON.stringify(fields)}`);
    const log: Log = { ...silentLog, warn: tell, info: tell };
    const follower = await JournalFollower.open({ store, log });
    await using metrics = new Metrics({ follower, process: new ProcessInstruments({ log }), log, patienceMs });
    await body(metrics, told);
  });
}

const backups = (value: number): readonly GaugePoint[] => [{ name: "mahavishnu_backups", labels: {}, value }];

describe("Metrics", () => {
  it("looks once for all who ask at the same time", async () => {
    await withMetrics(async (metrics) => {
      let looks = 0;
      metrics.addSource({
        name: "backups",
        collect: async () => {
          looks += 1;
          await delay(1);
          return backups(looks);
        },
      });
      const [text, ...others] = await Promise.all(
        (["text", "text", "openmetrics"] as const).map(async (form) => await metrics.render(form)),
      );
      expect(text).toContain("\nmahavishnu_backups 1\n");
      expect(others[0]).toBe(text);
      expect(others[1]).toContain("\nmahavishnu_backups 1\n");
      expect(looks).toBe(1);
      expect(await metrics.render("text")).toContain("\nmahavishnu_backups 2\n");
    });
  });

  it("leaves out a source that fails, and says so once until it works again", async () => {
    await withMetrics(async (metrics, told) => {
      let isBroken = true;
      metrics.addSource({
        name: "backups",
        collect: async () => {
          if (isBroken) throw new Error("no disk");
          return await Promise.resolve(backups(7));
        },
      });
      metrics.addSource({
        name: "alerts",
        collect: async () =>
          await Promise.resolve([{ name: "mahavishnu_alerts_firing", labels: { severity: "error" }, value: 1 }]),
      });
      for (let n = 0; n < 2; n += 1) {
        const text = await metrics.render("text");
        expect(text).not.toContain("mahavishnu_backups");
        expect(text).toContain('mahavishnu_alerts_firing{severity="error"} 1\n');
      }
      isBroken = false;
      expect(await metrics.render("text")).toContain("\nmahavishnu_backups 7\n");
      expect(told).toEqual([
        'metrics cannot be read and are left out: {"source":"backups","error":"no disk"}',
        'metrics can be read again: {"source":"backups"}',
      ]);
    });
  });

  it("leaves out a source that hangs", async () => {
    await withMetrics(async (metrics, told) => {
      metrics.addSource({ name: "backups", collect: async () => await new Promise(() => undefined) });
      const text = await metrics.render("text");
      expect(text).not.toContain("mahavishnu_backups");
      expect(told.join("\n")).toContain('"source":"backups"');
    }, 200);
  });

  it("leaves out a source with points of no metric, and those that another has too stand together", async () => {
    await withMetrics(async (metrics, told) => {
      const odd = { name: "mahavishnu_made_up", labels: {}, value: 1 } as unknown as GaugePoint;
      metrics.addSource({ name: "odd", collect: async () => await Promise.resolve([odd]) });
      const burn = (slo: string): GaugePoint => ({
        name: "mahavishnu_slo_burn_rate",
        labels: { slo, window: "1h" },
        value: 2,
      });
      for (const slo of ["a", "b"])
        metrics.addSource({ name: slo, collect: async () => await Promise.resolve([burn(slo)]) });
      const text = await metrics.render("text");
      expect(text).not.toContain("made_up");
      expect(text).toContain('{slo="a",window="1h"} 2\nmahavishnu_slo_burn_rate{slo="b",window="1h"} 2\n');
      expect(text.match(/# TYPE mahavishnu_slo_burn_rate/g)).toHaveLength(1);
      expect(told).toEqual([
        'metrics cannot be read and are left out: {"source":"odd","error":"there is no metric mahavishnu_made_up"}',
      ]);
    });
  });

  it("counts what it is told, and nothing where nothing is counted", async () => {
    await withMetrics(async (metrics) => {
      const { instruments } = metrics;
      instruments.countDelivery("delivered");
      instruments.countDelivery("retried");
      instruments.countAlertMessage("ops", "dead");
      instruments.countRequest("listRuns", 200, 0.02);
      instruments.countRequest("followRun", 200, null);
      instruments.observeAdapter("embedded", 0.3);
      const text = await metrics.render("text");
      for (const line of [
        'mahavishnu_webhook_deliveries_total{result="delivered"} 1',
        'mahavishnu_webhook_deliveries_total{result="retried"} 1',
        'mahavishnu_webhook_deliveries_total{result="dead"} 0',
        'mahavishnu_alert_messages_total{channel="ops",result="dead"} 1',
        'mahavishnu_http_requests_total{operation="followRun",status="200"} 1',
        'mahavishnu_http_request_duration_seconds_bucket{operation="listRuns",le="0.01"} 0',
        'mahavishnu_http_request_duration_seconds_bucket{operation="listRuns",le="0.025"} 1',
        'mahavishnu_adapter_request_seconds_sum{adapter="embedded"} 0.3',
      ])
        expect(text).toContain(`${line}\n`);
      expect(text).not.toContain('mahavishnu_http_request_duration_seconds_count{operation="followRun"}');
    });
    const none = new Metrics(null);
    none.instruments.countDelivery("dead");
    none.addSource({ name: "backups", collect: async () => await Promise.resolve(backups(1)) });
    expect(none.isEnabled).toBe(false);
    expect(await none.render("text")).toBe("");
  });
});

import { describe, expect, it } from "vitest";
import { messageOf } from "../lib/errors.ts";
import { loadConfig } from "./load-config.ts";
import { withWorkspace } from "./workspace-fixture.ts";

async function load(lines: string): Promise<string> {
  const text = `version: 1\ntelemetry:\n${lines}`;
  return await withWorkspace({ "mahavishnu.yaml": text }, async (workspace) => {
    try {
      await loadConfig({ workspace, env: {}, set: [] });
      return "sound";
    } catch (error) {
      return messageOf(error);
    }
  });
}

const channels = "  channels: { log: { file: a.ndjson } }\n";

describe("telemetry as a whole", () => {
  it("is sound with one kind for each channel, alert and objective", async () => {
    const alerts = [
      "{ name: a, on: [run.failed], notify: [log] }",
      "{ name: b, absent: {}, notify: [log] }",
      "{ name: c, when: { above: 0.2 }, notify: [log] }",
      "{ name: d, burnRate: { slo: nightly }, notify: [log] }",
    ];
    const slos = "  slos: { nightly: { availability: { objective: 99.5 } } }\n";
    expect(await load(`${channels}${slos}  alerts: [${alerts.join(", ")}]\n`)).toBe("sound");
  });

  it.each([
    ["  channels: { a: {} }\n", '"telemetry.channels.a" needs exactly one of webhook'],
    ["  channels: { a: { file: x, slack: '${env:S}' } }\n", "needs exactly one of webhook"],
    ["  channels: { a: { file: x, token: '${env:S}' } }\n", "`token` is for `alertmanager` alone"],
    ["  channels: { a: { smtp: { host: mail } } }\n", "needs host, from and at least one address in to"],
    [`${channels}  alerts: [{ name: a, notify: [log] }]\n`, 'alert "a" needs exactly one of on'],
    [`${channels}  alerts: [{ name: a, on: [run.failed], notify: [ops] }]\n`, 'a channel that is not there: "ops"'],
    [`${channels}  alerts: [{ name: a, on: [run.failed] }]\n`, "at least one channel in notify"],
    [`${channels}  alerts: [{ name: a, when: {}, notify: [log] }]\n`, "exactly one of when.above and when.below"],
    [`${channels}  alerts: [{ name: a, burnRate: { slo: x }, notify: [log] }]\n`, 'an SLO that is not there: "x"'],
    [
      `${channels}  alerts: [{ name: a, on: [run.failed], notify: [log] }, { name: a, absent: {}, notify: [log] }]\n`,
      "is there twice",
    ],
    ["  slos: { a: {} }\n", '"telemetry.slos.a" needs exactly one of availability, latency'],
    ["  slos: { a: { availability: { objective: 100 } } }\n", "above 0 and below 100"],
  ])("says what does not fit together: %j", async (lines, message) => {
    expect(await load(lines)).toContain(message);
  });
});

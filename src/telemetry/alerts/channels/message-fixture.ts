import type { Alert, AlertMessage } from "../alert.ts";

/** For tests: an alert that fires. */
export const alert: Alert = {
  rule: "failures",
  fingerprint: "f".repeat(32),
  state: "firing",
  severity: "critical",
  summary: "3 runs of nightly have failed",
  description: "Run k3v9q0x2mf: <no> target & none succeeded.",
  labels: { workspace: "w1", rule: "failures", workflow: "nightly" },
  startedAt: Date.UTC(2026, 10, 24, 3),
  endedAt: null,
  runId: "k3v9q0x2mf",
  url: "https://ops.example.test/v1/runs/k3v9q0x2mf",
  runbook: "https://ops.example.test/runbook",
  value: 3,
};

/** For tests: one that is over. */
export const over: Alert = {
  ...alert,
  state: "resolved",
  endedAt: alert.startedAt + 60_000,
  fingerprint: "e".repeat(32),
};

/** For tests: a message about both. */
export const message: AlertMessage = {
  id: "evt_0123456789abcdef01234567",
  time: alert.startedAt + 1_000,
  channel: "ops",
  rule: "failures",
  isTest: false,
  alerts: [alert, over],
};

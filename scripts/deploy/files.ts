import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../lib/root.ts";
import { readRules, renderChart } from "./render-chart.ts";
import { renderCompose, renderPrometheus } from "./render-compose.ts";
import { renderContainerfile, renderIgnore } from "./render-container.ts";
import { renderDashboard } from "./render-dashboard.ts";
import { renderService, renderSocket, renderSysusers } from "./render-systemd.ts";
import { defaultValues, type Values } from "./values.ts";

/** The folders of what is rendered here, and nothing else. */
export const deployFolders: readonly string[] = [
  "deploy/systemd",
  "deploy/container",
  "deploy/compose",
  "deploy/grafana",
  "deploy/helm/mahavishnu",
  "deploy/helm/mahavishnu/templates",
];

/** Every file to deploy with, by its path from the checkout's root. */
export function renderDeployFiles(values: Values = defaultValues): ReadonlyMap<string, string> {
  const rules = readRules(readFileSync(join(root, "deploy/prometheus/mahavishnu.rules.yaml"), "utf8"));
  return new Map([
    ["deploy/systemd/mahavishnu.service", renderService(values)],
    ["deploy/systemd/mahavishnu.socket", renderSocket(values)],
    ["deploy/systemd/mahavishnu.sysusers.conf", renderSysusers(values)],
    ["deploy/container/Containerfile", renderContainerfile(values)],
    ["deploy/container/Containerfile.dockerignore", renderIgnore()],
    ["deploy/grafana/mahavishnu.json", renderDashboard()],
    ["deploy/compose/compose.yaml", renderCompose(values)],
    ["deploy/compose/prometheus.yaml", renderPrometheus(values)],
    ...[...renderChart(rules)].map(([path, text]) => [`deploy/helm/mahavishnu/${path}`, text] as const),
  ]);
}

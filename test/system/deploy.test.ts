import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { renderCompose } from "../../scripts/deploy/render-compose.ts";
import { renderContainerfile } from "../../scripts/deploy/render-container.ts";
import { renderService, renderSocket } from "../../scripts/deploy/render-systemd.ts";
import { defaultValues } from "../../scripts/deploy/values.ts";
import { root } from "../../scripts/lib/root.ts";
import { needTools, runTool } from "./tools.ts";

const folder = mkdtempSync(join(tmpdir(), "deploy-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const chart = "deploy/helm/mahavishnu";

function template(...words: readonly string[]): string {
  const { status, text } = runTool("helm", ["template", "m", chart, "--kube-version", "1.33.0", ...words]);
  expect(status, text).toBe(0);
  return text;
}

const validateWords = ["--strict", "--kubernetes-version", "1.33.0"];

describe("the Helm chart", () => {
  it("passes helm lint", (context) => {
    needTools(context, "helm");
    const { status, text } = runTool("helm", ["lint", "--strict", chart]);
    expect(status, text).toBe(0);
  });

  it("renders what Kubernetes 1.33 takes", (context) => {
    needTools(context, "helm", "kubernetes-validate");
    const plain = template();
    expect(plain).not.toContain("monitoring.coreos.com");
    const { status, text } = runTool("kubernetes-validate", [...validateWords, write("plain.yaml", plain)]);
    expect(status, text).toBe(0);
    const wrong = plain.replace("replicas: 1", "replicsa: 1");
    expect(runTool("kubernetes-validate", [...validateWords, write("wrong.yaml", wrong)]).status).not.toBe(0);
  });

  it("renders the monitor and the shipped rules when asked to", (context) => {
    needTools(context, "helm", "kubernetes-validate", "promtool");
    const monitored = template("--set", "prometheus.monitor=true");
    expect(monitored).toContain("kind: ServiceMonitor");
    const documents = monitored.split(/^---$/mu);
    const rules = documents.find((document) => document.includes("kind: PrometheusRule")) ?? "";
    // Definitions of the operator are not Kubernetes' own; the rest is.
    const own = documents.filter((document) => !document.includes("monitoring.coreos.com"));
    const { status, text } = runTool("kubernetes-validate", [
      ...validateWords,
      write("monitored.yaml", own.join("---\n")),
    ]);
    expect(status, text).toBe(0);
    const spec = rules.slice(rules.indexOf("spec:\n") + "spec:\n".length).replaceAll(/^ {2}/gmu, "");
    const checked = runTool("promtool", ["check", "rules", write("rules.yaml", spec)]);
    expect(checked.status, checked.text).toBe(0);
    // Templates of Prometheus come through those of helm unharmed.
    expect(spec).toContain("{{ $labels.part }}");
  });

  it("refuses values that its schema does not allow", (context) => {
    needTools(context, "helm");
    for (const wrong of ["port=abc", "port=0", "portt=1", "user.uid=0"]) {
      const { status, text } = runTool("helm", ["template", "m", chart, "--set", wrong]);
      expect(status, wrong).not.toBe(0);
      expect(text).toContain("values don't meet the specifications of the schema");
    }
  });
});

describe("the Containerfile", () => {
  it("passes hadolint, which sees a planted fault", (context) => {
    needTools(context, "hadolint");
    const { status, text } = runTool("hadolint", ["deploy/container/Containerfile"]);
    expect(status, text).toBe(0);
    const wrong = renderContainerfile(defaultValues).replace(/^FROM node.*$/mu, "FROM node:latest");
    expect(runTool("hadolint", [write("Containerfile", wrong)]).text).toContain("DL3007");
  });
});

describe("the Compose file", () => {
  it("is read by Compose's own reader, which refuses a planted fault", (context) => {
    needTools(context, "compose-go");
    const { status, text } = runTool("compose-go", ["deploy/compose/compose.yaml"]);
    expect(status, text).toBe(0);
    const wrong = renderCompose(defaultValues).replace("pids_limit:", "pids_limits:");
    const refused = runTool("compose-go", [write("compose.yaml", wrong)]);
    expect(refused.status).not.toBe(0);
    expect(refused.text).toContain("pids_limits");
  });
});

describe("the systemd unit", () => {
  it("is sound, and hardened as far as its steps allow", (context) => {
    needTools(context, "systemd-analyze");
    mkdirSync(join(folder, "systemd"), { recursive: true });
    const values = { ...defaultValues, command: "/bin/true", workspace: "/var/lib/mahavishnu" };
    const service = write("systemd/mahavishnu.service", renderService(values));
    const socket = write("systemd/mahavishnu.socket", renderSocket(values));
    const { status, text } = runTool("systemd-analyze", ["verify", "--man=no", service, socket]);
    // What it says of other units of this machine is not ours.
    expect(text.split("\n").filter((line) => line.includes("mahavishnu"))).toEqual([]);
    expect(status, text).toBe(0);
    const security = runTool("systemd-analyze", ["security", "--offline=true", "--threshold=20", service]);
    expect(security.status, security.text).toBe(0);
    const open = write(
      "systemd/open.service",
      renderService(values).replaceAll(/^(?:Protect|Private|Restrict).*$/gmu, ""),
    );
    expect(runTool("systemd-analyze", ["security", "--offline=true", "--threshold=20", open]).status).not.toBe(0);
  });
});

describe("the configuration of Prometheus", () => {
  it("is taken by promtool: that of Compose and the sample, each with the rules", (context) => {
    needTools(context, "promtool");
    const rules = write(
      "mahavishnu.rules.yaml",
      readFileSync(join(root, "deploy/prometheus/mahavishnu.rules.yaml"), "utf8"),
    );
    for (const file of ["deploy/compose/prometheus.yaml", "deploy/prometheus/prometheus.yaml"]) {
      const text = readFileSync(join(root, file), "utf8");
      // Files that are elsewhere on the machine that it is for.
      const here = text
        .replace(/(?:\/etc\/prometheus\/)?mahavishnu\.rules\.yaml/u, rules)
        .replace(/\/etc\/prometheus\/(?:mahavishnu\.|metrics-)token/u, write("token", "t"))
        .replace("/etc/prometheus/ca.pem", write("ca.pem", ""));
      const checked = runTool("promtool", ["check", "config", write("prometheus.yaml", here)]);
      expect(checked.status, checked.text).toBe(0);
      expect(checked.text).toContain("13 rules found");
      const wrong = here.replace("scrape_interval", "scrape_intervall");
      expect(runTool("promtool", ["check", "config", write("wrong-prometheus.yaml", wrong)]).status).not.toBe(0);
    }
  });
});

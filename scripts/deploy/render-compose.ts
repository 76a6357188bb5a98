import { stringify } from "yaml";
import { serveWords, stopSeconds, type Values } from "./values.ts";

/** The server with a Prometheus that has its metrics, rules and all. */
export function renderCompose(values: Values): string {
  const { image, user, configuration, workspace, port, prometheus, resources } = values;
  const hardened = {
    read_only: true,
    cap_drop: ["ALL"],
    security_opt: ["no-new-privileges:true"],
    restart: "unless-stopped",
  };
  const compose = {
    name: "mahavishnu",
    services: {
      mahavishnu: {
        image: `${image.repository}:${image.tag}`,
        build: { context: "../..", dockerfile: "deploy/container/Containerfile" },
        command: ["mahavishnu", ...serveWords(values)],
        user: `${user.uid}:${user.uid}`,
        ...hardened,
        tmpfs: ["/tmp"],
        env_file: [{ path: "./secrets.env", required: false }],
        ports: [`127.0.0.1:${port}:${port}`],
        volumes: [`./configuration:${configuration}:ro`, `state:${workspace}`],
        stop_grace_period: `${stopSeconds(values)}s`,
        mem_limit: resources.memoryLimit.replace(/i$/, "").toLowerCase(),
        pids_limit: 4096,
      },
      prometheus: {
        image: prometheus.image,
        command: ["--config.file=/etc/prometheus/prometheus.yaml", "--storage.tsdb.path=/prometheus"],
        ...hardened,
        depends_on: { mahavishnu: { condition: "service_healthy" } },
        ports: ["127.0.0.1:9090:9090"],
        volumes: [
          "./prometheus.yaml:/etc/prometheus/prometheus.yaml:ro",
          "../prometheus/mahavishnu.rules.yaml:/etc/prometheus/mahavishnu.rules.yaml:ro",
          "./metrics-token:/etc/prometheus/metrics-token:ro",
          "./configuration/tls/cert.pem:/etc/prometheus/ca.pem:ro",
          "metrics:/prometheus",
        ],
      },
    },
    volumes: { state: {}, metrics: {} },
  };
  return `# Rendered from scripts/deploy; docs/operations.md says how to begin.\n${stringify(compose, { lineWidth: 0 })}`;
}

/** What that Prometheus asks, and whom. */
export function renderPrometheus({ port, prometheus }: Values): string {
  const config = {
    global: { scrape_interval: `${prometheus.scrapeSeconds}s`, evaluation_interval: `${prometheus.scrapeSeconds}s` },
    rule_files: ["/etc/prometheus/mahavishnu.rules.yaml"],
    scrape_configs: [
      {
        job_name: "mahavishnu",
        scheme: "https",
        authorization: { credentials_file: "/etc/prometheus/metrics-token" },
        tls_config: { ca_file: "/etc/prometheus/ca.pem", server_name: "mahavishnu" },
        static_configs: [{ targets: [`mahavishnu:${port}`] }],
      },
    ],
  };
  return `# Rendered from scripts/deploy.\n${stringify(config, { lineWidth: 0 })}`;
}

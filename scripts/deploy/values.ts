import * as z from "zod";
import { version } from "../../src/lib/version.ts";

const text = (pattern: RegExp) => z.string().regex(pattern);
const quantity = text(/^\d+(?:m|Mi|Gi)?$/);

/**
 * Everything that the files under `deploy/` differ in. The unit, the image, the Compose file and the chart are all rendered from these;
 * the chart's own `values.yaml` and `values.schema.json` are these too.
 */
export const Values = z.strictObject({
  image: z
    .strictObject({
      repository: text(/^[a-z0-9][\w./:-]*$/)
        .prefault("mahavishnu")
        .describe("Where the image is; build it with deploy/container/Containerfile."),
      tag: text(/^[\w][\w.-]{0,127}$/)
        .prefault(version)
        .describe("Its tag."),
      node: text(/^[\w.:/-]+$/)
        .prefault("node:24-bookworm-slim")
        .describe("The image that it is built on."),
    })
    .prefault({}),
  user: z
    .strictObject({
      name: text(/^[a-z][a-z0-9-]{0,30}$/)
        .prefault("mahavishnu")
        .describe("Who the server runs as."),
      uid: z.int().min(1).max(65_000).prefault(10_001).describe("Its number in the image, for user and group."),
    })
    .prefault({}),
  command: text(/^\/[\w./-]+$/)
    .prefault("/usr/bin/mahavishnu")
    .describe("Where the command is on a machine with systemd."),
  configuration: text(/^\/[\w./-]+$/)
    .prefault("/etc/mahavishnu")
    .describe("The folder of mahavishnu.yaml, repos.yaml, workflows/ and tls/."),
  workspace: text(/^\/[\w./-]+$/)
    .prefault("/var/lib/mahavishnu")
    .describe("The workspace: the state lies in .mahavishnu below it, checkouts beside it."),
  port: z.int().min(1).max(65_535).prefault(8680).describe("`server.port` of the configuration."),
  drainSeconds: z.int().min(0).max(3_600).prefault(30).describe("`server.drain` of the configuration, in seconds."),
  storage: z
    .strictObject({
      size: quantity.prefault("10Gi").describe("Room for the state and the checkouts."),
      className: z.string().prefault("").describe("The storage class; the cluster's own when empty."),
    })
    .prefault({}),
  resources: z
    .strictObject({
      cpu: quantity.prefault("500m").describe("Processor time that is set aside."),
      memory: quantity.prefault("512Mi").describe("Memory that is set aside."),
      memoryLimit: quantity.prefault("2Gi").describe("Memory, that of the steps included, above which it is ended."),
    })
    .prefault({}),
  secretName: text(/^[a-z0-9][a-z0-9.-]*$/)
    .prefault("mahavishnu-secrets")
    .describe("The Secret whose keys become the environment: those that the configuration's references name."),
  tlsSecretName: text(/^[a-z0-9][a-z0-9.-]*$/)
    .prefault("mahavishnu-tls")
    .describe("The Secret of type kubernetes.io/tls for `server.tls`."),
  configMapName: text(/^[a-z0-9][a-z0-9.-]*$/)
    .prefault("mahavishnu-configuration")
    .describe("The ConfigMap with mahavishnu.yaml and repos.yaml."),
  workflowsConfigMapName: text(/^[a-z0-9][a-z0-9.-]*$/)
    .prefault("mahavishnu-workflows")
    .describe("The ConfigMap with one key for each workflow file."),
  prometheus: z
    .strictObject({
      image: text(/^[\w./:-]+$/)
        .prefault("prom/prometheus:v3.5.0")
        .describe("The image of Prometheus in the Compose file."),
      scrapeSeconds: z.int().min(5).max(600).prefault(15).describe("How often it asks."),
      monitor: z.boolean().prefault(false).describe("Whether the chart makes a ServiceMonitor and a PrometheusRule."),
      tokenSecretName: text(/^[a-z0-9][a-z0-9.-]*$/)
        .prefault("mahavishnu-metrics-token")
        .describe("The Secret whose key `token` is a token with `telemetry:read`, for the ServiceMonitor."),
    })
    .prefault({}),
});
export type Values = z.output<typeof Values>;

/** What the shipped files are rendered with. */
export const defaultValues: Values = Values.parse({});

/** How long the server may take to stop before it is killed: its drain, the notice before it, and room to write down. */
export function stopSeconds({ drainSeconds }: Values): number {
  return drainSeconds + 30;
}

/** The words that start the server, the same wherever it runs. */
export function serveWords({ configuration, workspace }: Values): readonly string[] {
  return ["--workspace", workspace, "--config", `${configuration}/mahavishnu.yaml`, "serve"];
}

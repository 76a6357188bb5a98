import { parse, stringify } from "yaml";
import * as z from "zod";
import { version } from "../../src/lib/version.ts";
import { defaultValues, serveWords, stopSeconds, Values } from "./values.ts";

const labels = `app.kubernetes.io/name: mahavishnu
    app.kubernetes.io/instance: {{ .Release.Name }}`;

const metadata = (name: string): string => `metadata:
  name: ${name}
  labels:
    ${labels}
    app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
    helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}`;

const head = "{{- /* Rendered from scripts/deploy. */ -}}\n";

/** The chart by its files' paths below its folder. */
export function renderChart(rules: string): ReadonlyMap<string, string> {
  return new Map([
    ["Chart.yaml", renderHead()],
    ["values.yaml", renderValues()],
    ["values.schema.json", `${JSON.stringify(z.toJSONSchema(Values, { io: "input" }), null, 2)}\n`],
    ["rules.yaml", rules],
    ["templates/statefulset.yaml", renderStatefulSet()],
    ["templates/service.yaml", renderService()],
    ["templates/serviceaccount.yaml", renderServiceAccount()],
    ["templates/networkpolicy.yaml", renderNetworkPolicy()],
    ["templates/monitor.yaml", renderMonitor()],
    ["templates/NOTES.txt", renderNotes()],
  ]);
}

function renderHead(): string {
  return stringify({
    apiVersion: "v2",
    name: "mahavishnu",
    description: "Durable workflows across many git repositories",
    type: "application",
    version,
    appVersion: version,
    kubeVersion: ">=1.27.0-0",
  });
}

/** Every value with its default, and above it what it is. */
function renderValues(): string {
  const lines = ["# Rendered from scripts/deploy; values.schema.json says what each may be."];
  const write = (schema: z.ZodObject, values: Readonly<Record<string, unknown>>, indent: string): void => {
    for (const [key, child] of Object.entries<z.ZodType>(schema.shape)) {
      const value = values[key];
      const inner = unwrap(child);
      if (inner instanceof z.ZodObject) {
        lines.push(`${indent}${key}:`);
        write(inner, value as Readonly<Record<string, unknown>>, `${indent}  `);
        continue;
      }
      const { description } = child;
      if (description === undefined) throw new Error(`the value ${key} has no description`);
      lines.push(`${indent}# ${description}`, `${indent}${key}: ${JSON.stringify(value)}`);
    }
  };
  write(Values, defaultValues, "");
  return `${lines.join("\n")}\n`;
}

function unwrap(schema: z.ZodType): z.ZodType {
  return schema instanceof z.ZodPrefault ? (schema.def.innerType as z.ZodType) : schema;
}

function renderStatefulSet(): string {
  const words = serveWords({
    ...defaultValues,
    workspace: "{{ .Values.workspace }}",
    configuration: "{{ .Values.configuration }}",
  });
  const probe = (path: string, more: string): string => `httpGet:
              path: ${path}
              port: https
              scheme: HTTPS
            ${more}`;
  // The same sum as everywhere, in the chart's own language.
  const spare = stopSeconds({ ...defaultValues, drainSeconds: 0 });
  return `${head}apiVersion: apps/v1
kind: StatefulSet
${metadata("{{ .Release.Name }}")}
spec:
  # The state is a SQLite file: one server has it. What it does is taken up by the next one.
  replicas: 1
  serviceName: {{ .Release.Name }}
  selector:
    matchLabels:
      app.kubernetes.io/name: mahavishnu
      app.kubernetes.io/instance: {{ .Release.Name }}
  template:
    metadata:
      labels:
        app.kubernetes.io/name: mahavishnu
        app.kubernetes.io/instance: {{ .Release.Name }}
    spec:
      serviceAccountName: {{ .Release.Name }}
      automountServiceAccountToken: false
      terminationGracePeriodSeconds: {{ add .Values.drainSeconds ${spare} }}
      securityContext:
        runAsNonRoot: true
        runAsUser: {{ .Values.user.uid }}
        runAsGroup: {{ .Values.user.uid }}
        fsGroup: {{ .Values.user.uid }}
        fsGroupChangePolicy: OnRootMismatch
        seccompProfile:
          type: RuntimeDefault
      containers:
        - name: mahavishnu
          image: "{{ .Values.image.repository }}:{{ .Values.image.tag }}"
          args: ["mahavishnu", ${words.map((word) => JSON.stringify(word)).join(", ")}]
          envFrom:
            - secretRef:
                name: {{ .Values.secretName }}
          ports:
            - name: https
              containerPort: {{ .Values.port }}
          startupProbe:
            ${probe("/startupz", "periodSeconds: 2\n            failureThreshold: 60")}
          livenessProbe:
            ${probe("/livez", "periodSeconds: 10\n            timeoutSeconds: 5")}
          readinessProbe:
            ${probe("/readyz", "periodSeconds: 5\n            timeoutSeconds: 5")}
          resources:
            requests:
              cpu: {{ .Values.resources.cpu | quote }}
              memory: {{ .Values.resources.memory | quote }}
            limits:
              memory: {{ .Values.resources.memoryLimit | quote }}
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities:
              drop: ["ALL"]
          volumeMounts:
            - name: state
              mountPath: {{ .Values.workspace }}
            - name: configuration
              mountPath: {{ .Values.configuration }}
              readOnly: true
            - name: workflows
              mountPath: {{ .Values.configuration }}/workflows
              readOnly: true
            - name: tls
              mountPath: {{ .Values.configuration }}/tls
              readOnly: true
            - name: temporary
              mountPath: /tmp
      volumes:
        - name: configuration
          configMap:
            name: {{ .Values.configMapName }}
        - name: workflows
          configMap:
            name: {{ .Values.workflowsConfigMapName }}
        - name: tls
          secret:
            secretName: {{ .Values.tlsSecretName }}
            defaultMode: 0440
        - name: temporary
          emptyDir: {}
  volumeClaimTemplates:
    - metadata:
        name: state
      spec:
        accessModes: ["ReadWriteOnce"]
        {{- if .Values.storage.className }}
        storageClassName: {{ .Values.storage.className }}
        {{- end }}
        resources:
          requests:
            storage: {{ .Values.storage.size }}
`;
}

function renderService(): string {
  return `${head}apiVersion: v1
kind: Service
${metadata("{{ .Release.Name }}")}
spec:
  selector:
    app.kubernetes.io/name: mahavishnu
    app.kubernetes.io/instance: {{ .Release.Name }}
  ports:
    - name: https
      port: {{ .Values.port }}
      targetPort: https
`;
}

function renderServiceAccount(): string {
  return `${head}apiVersion: v1
kind: ServiceAccount
${metadata("{{ .Release.Name }}")}
automountServiceAccountToken: false
`;
}

function renderNetworkPolicy(): string {
  return `${head}apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
${metadata("{{ .Release.Name }}")}
spec:
  podSelector:
    matchLabels:
      app.kubernetes.io/name: mahavishnu
      app.kubernetes.io/instance: {{ .Release.Name }}
  policyTypes: ["Ingress"]
  ingress:
    - ports:
        - port: {{ .Values.port }}
          protocol: TCP
`;
}

function renderMonitor(): string {
  return `${head}{{- if .Values.prometheus.monitor }}
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
${metadata("{{ .Release.Name }}")}
spec:
  selector:
    matchLabels:
      app.kubernetes.io/name: mahavishnu
      app.kubernetes.io/instance: {{ .Release.Name }}
  endpoints:
    - port: https
      scheme: https
      interval: {{ .Values.prometheus.scrapeSeconds }}s
      authorization:
        credentials:
          name: {{ .Values.prometheus.tokenSecretName }}
          key: token
      tlsConfig:
        serverName: {{ .Release.Name }}
        ca:
          secret:
            name: {{ .Values.tlsSecretName }}
            key: tls.crt
---
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
${metadata("{{ .Release.Name }}")}
spec:
{{ .Files.Get "rules.yaml" | indent 2 }}
{{- end }}
`;
}

function renderNotes(): string {
  return `{{ .Release.Name }} serves at https://{{ .Release.Name }}.{{ .Release.Namespace }}:{{ .Values.port }}.

It needs the ConfigMaps {{ .Values.configMapName }} and {{ .Values.workflowsConfigMapName }} and the Secrets {{ .Values.secretName }} and {{ .Values.tlsSecretName }};
docs/operations.md says what is in them. Ask it whether it is ready:

  kubectl exec {{ .Release.Name }}-0 -n {{ .Release.Namespace }} -- mahavishnu --workspace {{ .Values.workspace }} --config {{ .Values.configuration }}/mahavishnu.yaml production check-config
`;
}

/** The groups of a file of Prometheus rules, without its comments: what a PrometheusRule holds. */
export function readRules(text: string): string {
  return stringify(parse(text), { lineWidth: 0 });
}

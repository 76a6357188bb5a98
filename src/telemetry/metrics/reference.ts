import { maxWorkflows } from "./journal-counts.ts";
import { definitionOf, type MetricDefinition, type MetricName, metricTable } from "./metric-table.ts";

const sources: readonly (readonly [source: MetricDefinition["source"], title: string, text: string])[] = [
  [
    "journal",
    "Counted from the journal",
    "Every run of the workspace is counted, whoever executed it, a command line included. The counts are kept with the journal: a " +
      "restart neither loses nor doubles one, and every server of the workspace tells the same. Take one server's, or " +
      "`max without (instance)`; never their sum. They are left out until a server has read the journal to its end.",
  ],
  [
    "workspace",
    "Read from the workspace",
    "How it is at the moment of the scrape, at every server the same. What is not known is left out, and never 0.",
  ],
  ["health", "How the server was found", "By its own looks, those of `/readyz`; of each server its own."],
  [
    "process",
    "Measured in the server's process",
    "Of each server its own; they begin at 0 with the process, and may be added up over servers.",
  ],
];

/** The page docs/reference/metrics.md: every metric with its type, unit, labels and meaning. */
export function renderMetricReference(): string {
  const names = Object.keys(metricTable) as MetricName[];
  const parts = sources.map(([source, title, text]) => {
    const rows = names
      .map((name) => [name, definitionOf(name)] as const)
      .filter(([, definition]) => definition.source === source)
      .map(([name, { type, unit, labels, help }]) => {
        const cells = [`\`${name}\``, type, unit ?? "", labels.map((label) => `\`${label}\``).join(", "), help];
        return `| ${cells.join(" | ")} |`;
      });
    return `## ${title}\n\n${text}\n\n| metric | type | unit | labels | meaning |\n|---|---|---|---|---|\n${rows.join("\n")}`;
  });
  const histograms = names.flatMap((name) => {
    const { buckets } = definitionOf(name);
    return buckets === undefined ? [] : [`| \`${name}\` | ${buckets.join(", ")} |`];
  });
  return `# Metrics

What \`/metrics\` of \`mahavishnu serve\` tells. Names, labels and meanings do not change. There is an end of all labels: no label holds an
id of a run, the first ${maxWorkflows} workflows have names of their own in \`workflow\` and all later ones are \`other\`, and operations and verbs
come from fixed lists (operations are those of \`/openapi.json\`, and \`other\`), the others from the configuration.

${parts.join("\n\n")}

## Buckets of the histograms

| metric | upper bounds |
|---|---|
${histograms.join("\n")}
`;
}

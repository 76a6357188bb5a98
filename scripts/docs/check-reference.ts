import { Config } from "../../src/config/schema.ts";
import { explainCheck, type Explanation } from "../../src/readiness/explain-check.ts";
import { categories, groupTitles, headings } from "../../src/readiness/headings.ts";
import { loadRegistry } from "../../src/readiness/load-registry.ts";

/** The page docs/reference/checks.md: every check, test and benchmark, what it proves, how, and the remedy. */
export async function renderCheckReference(): Promise<string> {
  const registry = await loadRegistry();
  const { thresholds } = Config.parse({ version: 1 }).readiness;
  const all = registry.definitions.map(({ id }) => explainCheck(registry, id, thresholds));
  const sections = categories.map((category) => {
    const members = all.filter((explanation) => explanation.category === category);
    return `## ${headings[category]}\n\n${members.length === 0 ? "None in this version." : members.map(renderOne).join("\n\n")}`;
  });
  return `# Checks, tests and benchmarks

What the four \`production\` commands ask, ${all.length} questions in all. \`mahavishnu production explain ID\` prints the same.
An id is never reused.

${sections.join("\n\n")}
`;
}

function renderOne(explanation: Explanation): string {
  const { id, title, verifies, advice, dependsOn, rollUpOf } = explanation;
  const facts = [
    ["Severity", describeSeverity(explanation)],
    ["Gates", explanation.gates.join(", ")],
    ["Group", explanation.group === null ? "" : groupTitles[explanation.group]],
    ["Measured", describeBenchmark(explanation)],
    ["Reads", explanation.static ?? ""],
    ["Acts", explanation.live ?? ""],
    ["Sums up", rollUpOf.join(", ")],
    ["Asked after", dependsOn.join(", ")],
    ["Remedy", advice.command === null ? advice.text : `${advice.text} \`${advice.command}\``],
  ].filter(([, text]) => text !== "");
  const list = facts.map(([name, text]) => `- ${name}: ${text}`).join("\n");
  return `### ${id}\n\n**${capitalise(title)}.** ${verifies}\n\n${list}`;
}

function describeSeverity({ severity, mustPass }: Explanation): string {
  const { production, development } = severity;
  const text = production === development ? production : `${production}; ${development} in development`;
  return mustPass ? `${text}; must pass whatever the percentage` : text;
}

function describeBenchmark({ benchmark }: Explanation): string {
  if (benchmark === null) return "";
  const { figure, unit, better, samples, limits } = benchmark;
  const bound = better === "lower" ? "at most" : "at least";
  if (limits === null) return `${figure}; ${samples} samples`;
  const p95 = limits.p95 === null ? "" : `, 95th percentile ${bound} ${limits.p95} ${unit}`;
  return `${figure}; ${samples} samples; median ${bound} ${limits.median} ${unit}${p95}`;
}

function capitalise(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

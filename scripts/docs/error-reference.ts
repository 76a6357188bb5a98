import { exitCodeMeanings, exitCodes } from "../../src/cli/exit-codes.ts";
import { errorCatalogue } from "../../src/lib/error-catalogue.ts";

/** The page docs/reference/errors.md: the exit codes, and every error code with what to do. */
export function renderErrorReference(): string {
  const codes = Object.values(exitCodes).map((code) => `| ${code} | ${exitCodeMeanings[code]} |`);
  const errors = Object.entries(errorCatalogue)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(
      ([code, { summary, fix, exitCode }]) =>
        `## ${code}\n\n${summary}\n\n- What to do: ${fix}\n- Exit code: ${exitCode}`,
    );
  return `# Errors

A failure is told once: what happened and where, what to do, and its code. With \`-o json\` the same stands in a document
on the standard output. A code is never reused and never changes its meaning.

## Exit codes

| code | meaning |
|---|---|
${codes.join("\n")}

${errors.join("\n\n")}
`;
}

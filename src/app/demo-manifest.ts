import type { DemoSource } from "./demo-sources.ts";

/** The text of the demo's repos.yaml. */
export function describeDemoFleet(sources: readonly DemoSource[]): string {
  const width = Math.max(...sources.map(({ name }) => name.length)) + 1;
  const lines = sources.map(({ name, role, tags, needs }) => {
    const facts = [`role: ${role}`, `tags: [${tags.join(", ")}]`];
    if (needs.length > 0) facts.push(`needs: [${needs.join(", ")}]`);
    return `  ${`${name}:`.padEnd(width)} { ${facts.join(", ")} }`;
  });
  return `${head}${lines.join("\n")}\n${selectors}`;
}

const head = `# A small fleet of real git repositories, made from packages that lie on this machine. Try:
#   mahavishnu repos graph
#   mahavishnu repos list -s 'role:library && tag:area/data'
#   mahavishnu repos list -s '@tier1 || needs:ajv'
version: 1
root: ./fleet
roles:
  library: { description: used by other repositories }
  service: { description: started by people }
repos:
`;

const selectors = `selectors:
  tier1: tag:tier/1
  schemas: tag:area/data/schema
`;

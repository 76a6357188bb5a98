import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { makeShape } from "../src/config/make-shape.ts";
import { Config } from "../src/config/schema.ts";
import { root } from "./lib/root.ts";

/**
 * Writes what `src/config` reads instead of the schema as long as nothing is wrong; see docs/decisions/0010. Run it after
 * a change of the schema, then format it; a test says when it is out of date.
 *
 *     node scripts/config-shape.ts && npx oxfmt src/config/generated
 */
const text = `import type { Shape } from "../shape.ts";

/** Made from the schema by scripts/config-shape.ts; a test says when it is out of date. */
export const configShape: Shape = ${JSON.stringify(makeShape(Config), null, 2)};
`;
await writeFile(join(root, "src/config/generated/config-shape.ts"), text);

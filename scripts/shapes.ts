import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { makeShape } from "../src/config/make-shape.ts";
import { Config } from "../src/config/schema.ts";
import { Manifest } from "../src/repositories/schema.ts";
import { root } from "./lib/root.ts";

/**
 * Writes what is read instead of a schema as long as nothing is wrong; see docs/decisions/0010. Run it after a change of
 * a schema, then format it; a test says when it is out of date.
 *
 *     node scripts/shapes.ts && npx oxfmt src/config/generated src/repositories/generated
 */
const shapes = [
  { file: "src/config/generated/config-shape.ts", name: "configShape", schema: Config, type: "../shape.ts" },
  {
    file: "src/repositories/generated/manifest-shape.ts",
    name: "manifestShape",
    schema: Manifest,
    type: "../../config/shape.ts",
  },
];

for (const { file, name, schema, type } of shapes) {
  const text = `import type { Shape } from "${type}";

/** Made from the schema by scripts/shapes.ts; a test says when it is out of date. */
export const ${name}: Shape = ${JSON.stringify(makeShape(schema), null, 2)};
`;
  const path = join(root, file);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}

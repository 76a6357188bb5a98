import * as z from "zod";
import { Manifest } from "./schema.ts";

/** The JSON Schema of `repos.yaml`, for editors and for the file `schemas/repos.v1.json`. */
export function makeManifestJsonSchema(): Record<string, unknown> {
  const { $schema, ...schema } = z.toJSONSchema(Manifest, { io: "input" });
  return { $schema, title: "repos.yaml, version 1", ...schema };
}

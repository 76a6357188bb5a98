import * as z from "zod";
import { unwrap } from "./make-shape.ts";
import { Config } from "./schema.ts";
import { type KeyDocs, leafShapes } from "./schema-values.ts";
import type { Shape } from "./shape.ts";

/**
 * The JSON Schema of `mahavishnu.yaml`, for editors and for the file `schemas/config.v1.json`. It describes what one
 * writes: durations and sizes are texts with a pattern.
 */
export function makeConfigJsonSchema(): Record<string, unknown> {
  const { $schema, ...schema } = z.toJSONSchema(Config, {
    io: "input",
    override: ({ jsonSchema, zodSchema }) => {
      tidy(jsonSchema, leafShapes.get(unwrap(zodSchema as unknown as z.ZodType)));
    },
  });
  return { $schema, title: "mahavishnu.yaml, version 1", ...schema };
}

/** Our own notes become part of the description: other programs do not know their keywords. */
function tidy(schema: z.core.JSONSchema.BaseSchema, shape: Shape | undefined): void {
  const { guide } = schema as Partial<KeyDocs>;
  delete schema["guide"];
  const form = shape === undefined ? undefined : formNotes[shape.kind];
  const notes = [guide === undefined ? "" : `Guide: ${guide}.`, form === undefined ? "" : `Form: ${form}.`];
  const description = [schema.description ?? "", ...notes].filter((part) => part !== "").join(" ");
  if (description !== "") schema.description = description;
  // What a map holds by default stands at its keys.
  if (JSON.stringify(schema.default) === "{}") delete schema.default;
  // The bounds of what a number can hold are no rule of ours.
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum;
}

const formNotes: Readonly<Partial<Record<Shape["kind"], string>>> = {
  duration: "a duration such as 500ms, 30s, 15m, 2h or 7d",
  size: "a size such as 512B, 64KiB, 10MiB or 2GiB",
  secret: "a reference, ${env:NAME} or ${file:PATH}",
  path: "a path; what is relative starts at the workspace",
  scope: "a selector such as role:service && tag:team/edge",
};

import * as z from "zod";
import { WorkflowFile } from "./schema.ts";

/**
 * The JSON Schema of a workflow's file, for editors and for the file `schemas/workflow.v1.json`. It describes what one
 * writes: durations and shares are texts with a pattern. What expressions may name is checked by `workflows validate` alone.
 */
export function makeWorkflowJsonSchema(): Record<string, unknown> {
  const { $schema, ...schema } = z.toJSONSchema(WorkflowFile, {
    io: "input",
    override: ({ jsonSchema }) => {
      // Maps and lists that may be left out are empty; that says nothing to an editor.
      if (["{}", "[]"].includes(JSON.stringify(jsonSchema.default))) delete jsonSchema.default;
      // The bounds of what a number can hold are no rule of ours.
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
    },
  });
  return { $schema, title: "A workflow of Mahavishnu, version 1", ...schema };
}

import * as z from "zod";

/** A value that an `enum` may hold. */
const Scalar = z.union([z.string(), z.number(), z.boolean()], { error: "must be text, a number, true or false" });

const Count = z.int().min(0);

const Pattern = z.string().refine(isPattern, { error: "this is not a regular expression" });

function isPattern(text: string): boolean {
  try {
    return new RegExp(text, "u") instanceof RegExp;
  } catch {
    return false;
  }
}

/** The types that an input may have. */
export const inputTypes = ["string", "integer", "number", "boolean", "array", "object"] as const;

/** Keywords of each type besides those that all have. */
const keywordsOf: Readonly<Record<string, readonly string[]>> = {
  string: ["minLength", "maxLength", "pattern"],
  integer: ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"],
  number: ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"],
  boolean: [],
  array: ["items", "minItems", "maxItems", "uniqueItems"],
  object: ["properties", "required", "additionalProperties"],
};

const common = ["type", "title", "description", "default", "enum"];

/** JSON Schema of one input: the part of it that describes what a person can type or a program can send. */
export const InputSchemaFile = z
  .strictObject({
    type: z.enum(inputTypes).optional().describe("What the value is. May be left out beside `enum`."),
    title: z.string().optional().describe("A short name for people."),
    description: z.string().optional().describe("What the input is for."),
    default: z.unknown().optional().describe("The value when none is given. An input without a default must be given."),
    enum: z.array(Scalar).min(1).optional().describe("The values that are allowed."),
    minimum: z.number().optional().describe("The least number."),
    maximum: z.number().optional().describe("The greatest number."),
    exclusiveMinimum: z.number().optional().describe("The number must be greater than this."),
    exclusiveMaximum: z.number().optional().describe("The number must be less than this."),
    multipleOf: z.number().positive().optional().describe("The number must be a multiple of this."),
    minLength: Count.optional().describe("The least number of characters."),
    maxLength: Count.optional().describe("The greatest number of characters."),
    pattern: Pattern.optional().describe("A regular expression that the text must match somewhere."),
    get items() {
      return InputSchemaFile.optional().describe("The schema of each item of a list.");
    },
    minItems: Count.optional().describe("The least number of items."),
    maxItems: Count.optional().describe("The greatest number of items."),
    uniqueItems: z.boolean().optional().describe("No item may come twice."),
    get properties(): z.ZodOptional<z.ZodRecord<z.ZodString, typeof InputSchemaFile>> {
      return z.record(z.string(), InputSchemaFile).optional().describe("The keys of a map, each with its schema.");
    },
    required: z.array(z.string()).optional().describe("The keys of a map that must be there."),
    additionalProperties: z
      .boolean()
      .optional()
      .describe("Whether a map may have further keys; they may unless this is false."),
  })
  .superRefine((schema, context) => {
    const { type } = schema;
    if (type === undefined && schema.enum === undefined) {
      context.addIssue({ code: "custom", path: [], message: `an input needs a type: ${inputTypes.join(", ")}` });
      return;
    }
    for (const key of Object.keys(schema)) {
      const fits = common.includes(key) || (type !== undefined && keywordsOf[type]?.includes(key) === true);
      if (!fits)
        context.addIssue({ code: "custom", path: [key], message: `"${key}" says nothing about ${type ?? "an enum"}` });
    }
    for (const [index, member] of (schema.enum ?? []).entries()) {
      if (type === undefined || isOfType(member, type)) continue;
      context.addIssue({ code: "custom", path: ["enum", index], message: `${JSON.stringify(member)} is no ${type}` });
    }
    for (const [index, name] of (schema.required ?? []).entries()) {
      if (Object.hasOwn(schema.properties ?? {}, name)) continue;
      context.addIssue({ code: "custom", path: ["required", index], message: `"${name}" is not among the properties` });
    }
  });

function isOfType(value: string | number | boolean, type: (typeof inputTypes)[number]): boolean {
  if (type === "integer") return Number.isInteger(value);
  return typeof value === type;
}

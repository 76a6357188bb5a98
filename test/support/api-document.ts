import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import type { JsonSchema } from "./json-schema-arbitrary.ts";

/** The parts of an OpenAPI document that tests ask for. */
export interface ApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, DescribedOperation>>>>;
  readonly components: { readonly schemas: { readonly Problem: JsonSchema } };
}

/** One operation as the document has it. */
interface DescribedOperation {
  readonly operationId: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly required: boolean; readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>;
}

type Content = Readonly<
  Record<string, { readonly schema: JsonSchema; readonly "x-events"?: Readonly<Record<string, JsonSchema>> }>
>;

/** Something that stands in a path, a query or a header. */
export interface Parameter {
  readonly name: string;
  readonly in: "path" | "query" | "header";
  readonly required?: boolean;
  readonly schema: JsonSchema;
}

/** One operation, ready to be asked and checked. */
export interface DocumentedOperation {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly parameters: readonly Parameter[];
  /** The schema of what is sent; null when nothing is. */
  readonly body: JsonSchema | null;
  readonly isBodyNeeded: boolean;
  /** Status of success. */
  readonly status: number;
  /** Schema of the answer; null for a stream. */
  readonly answer: JsonSchema | null;
  /** Schemas of a stream's events by name; null for an answer that comes whole. */
  readonly events: Readonly<Record<string, JsonSchema>> | null;
}

/** All operations of a document. */
export function listDocumented({ paths }: ApiDocument): DocumentedOperation[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, described]) => {
      const { operationId, parameters = [], requestBody, responses } = described;
      const [status = "", success] = Object.entries(responses).find(([code]) => code.startsWith("2")) ?? [];
      const content = success?.content ?? {};
      return {
        id: operationId,
        method: method.toUpperCase(),
        path,
        parameters,
        body: requestBody?.content["application/json"]?.schema ?? null,
        isBodyNeeded: requestBody?.required === true,
        status: Number(status),
        answer: Object.entries(content).find(([type]) => type.endsWith("json"))?.[1].schema ?? null,
        events: content["text/event-stream"]?.["x-events"] ?? null,
      };
    }),
  );
}

/** The operation that an address belongs to: the more exact one of two, as where requests are answered. */
export function findOperation(
  operations: readonly DocumentedOperation[],
  method: string,
  pathname: string,
): DocumentedOperation | undefined {
  const asked = pathname.split("/");
  const fits = (path: string): boolean => {
    const known = path.split("/");
    return asked.length === known.length && known.every((part, n) => part.startsWith("{") || part === asked[n]);
  };
  const holes = (path: string): number => path.split("{").length;
  return operations
    .filter((each) => each.method === method && fits(each.path))
    .toSorted((a, b) => holes(a.path) - holes(b.path))[0];
}

/** Names and texts, in their order. */
export type Pairs = readonly (readonly [string, string])[];

/** The texts of a request by where they stand. */
export interface RequestTexts {
  readonly params: Pairs;
  readonly query: Pairs;
  readonly headers: Pairs;
}

/** Why a document does not allow the address, the query or the headers of a request; empty when it does. */
export function judgeRequest(
  operation: DocumentedOperation,
  { params, query, headers }: RequestTexts,
  checker: SchemaChecker,
): string {
  return (
    judgeTexts(operation, "path", params, checker) ||
    judgeTexts(operation, "query", query, checker) ||
    judgeTexts(operation, "header", headers, checker)
  );
}

function judgeTexts(
  operation: DocumentedOperation,
  place: Parameter["in"],
  pairs: Pairs,
  checker: SchemaChecker,
): string {
  const known = operation.parameters.filter((each) => each.in === place);
  const stranger = pairs.find(([key]) => !known.some(({ name }) => name === key));
  if (stranger !== undefined && place !== "path") return `${place}: ${stranger[0]} is not known`;
  for (const { name, required, schema } of known) {
    const texts = pairs.flatMap(([key, text]) => (key === name ? [text] : []));
    if (texts.length === 0) {
      if (required === true) return `${place}: ${name} is missing`;
      continue;
    }
    if (schema.type !== "array" && texts.length > 1) return `${place}: ${name} comes twice`;
    const value = schema.type === "array" ? texts : readText(texts[0] ?? "", schema.type);
    const problem = checker.problemOf(schema, value);
    if (problem !== "") return `${place}: ${name} ${problem}`;
  }
  return "";
}

function readText(text: string, type: string | undefined): unknown {
  if (type === "integer") return /^-?(0|[1-9]\d*)$/.test(text) && text !== "-0" ? Number(text) : text;
  return type === "boolean" && (text === "true" || text === "false") ? text === "true" : text;
}

/** Checks values as the document has them; nothing is converted and nothing is filled in. A schema that cannot be used is an error. */
export class SchemaChecker {
  // The pattern beside each format says more than the format.
  readonly #ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: false });
  readonly #compiled = new WeakMap<object, ValidateFunction>();

  /** Why a value is not as the schema says; empty when it is. */
  problemOf(schema: JsonSchema, value: unknown): string {
    let validate = this.#compiled.get(schema);
    if (validate === undefined) {
      validate = this.#ajv.compile(schema);
      this.#compiled.set(schema, validate);
    }
    return validate(value) ? "" : this.#ajv.errorsText(validate.errors);
  }
}

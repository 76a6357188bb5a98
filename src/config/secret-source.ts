import { foreignHome, namesForeignHome } from "../lib/home-folder.ts";
import { Secret } from "../lib/secret.ts";

/**
 * Where a secret comes from: an environment variable, a file, or the configuration itself (a finding of the readiness
 * suite). Holds no readable value, so it may be printed and hashed.
 */
export type SecretSource =
  | { readonly kind: "env"; readonly reference: string; readonly name: string }
  | { readonly kind: "file"; readonly reference: string; readonly path: string }
  | { readonly kind: "plain"; readonly value: Secret };

/** What is wrong with the text of a reference. Never holds the text itself: it may be a secret. */
export interface ReferenceProblem {
  readonly problem: string;
}

/** The forms that a reference may take, for error messages. */
export const referenceForms = "${env:NAME} or ${file:PATH}";

/**
 * Reads the text of a secret: one reference, or the secret itself in plain text.
 *
 * @example
 * parseSecretSource("${env:NPM_TOKEN}"); // { kind: "env", reference: "${env:NPM_TOKEN}", name: "NPM_TOKEN" }
 */
export function parseSecretSource(text: string): SecretSource | ReferenceProblem {
  const match = /^\$\{(\w+):([^}]*)\}$/.exec(text);
  if (match === null) {
    if (text.trim() === "") return { problem: `a secret must not be empty; write a reference: ${referenceForms}` };
    if (/\$\{(?:env|file):/.test(text))
      return { problem: "a reference must be the whole value, with nothing around it" };
    return { kind: "plain", value: new Secret(text) };
  }
  const [reference, kind, rest = ""] = match;
  if (kind === "env") {
    if (/^[A-Za-z_]\w*$/.test(rest)) return { kind, reference, name: rest };
    return { problem: `the name of a variable is letters, digits and "_": ${referenceForms}` };
  }
  if (kind === "file") {
    if (namesForeignHome(rest)) return { problem: foreignHome };
    if (rest.trim() !== "" && !rest.includes("\0")) return { kind, reference, path: rest };
    return { problem: `the path of the file is missing: ${referenceForms}` };
  }
  return { problem: `unknown kind of reference "${kind}"; use ${referenceForms}` };
}

/** Whether a text is a sound reference and nothing else, so that it may be shown. */
export function isReference(text: string): boolean {
  return "reference" in parseSecretSource(text);
}

/** The environment variables that references anywhere in some values name. */
export function collectNamedVariables(values: readonly unknown[]): Set<string> {
  const names = new Set<string>();
  const visit = (value: unknown): void => {
    if (typeof value === "string") {
      for (const [, name] of value.matchAll(/\$\{env:([A-Za-z_]\w*)\}/g)) if (name !== undefined) names.add(name);
    } else if (typeof value === "object" && value !== null) {
      for (const child of Object.values(value)) visit(child);
    }
  };
  for (const value of values) visit(value);
  return names;
}

import { type Diagnostic, diagnosticAt } from "../lib/diagnostics.ts";
import { diagnose, type ValuePath, type YamlFile } from "../lib/yaml-file.ts";
import { locateText } from "./locate-text.ts";

/** What a check of a workflow has found, each at its place in the file. */
export class Findings {
  readonly #yaml: YamlFile;
  readonly #diagnostics: Diagnostic[] = [];

  constructor(yaml: YamlFile) {
    this.#yaml = yaml;
  }

  /** Adds a problem at a key or at its value. */
  add(path: ValuePath, at: "key" | "value", message: string, hint?: string): void {
    this.#diagnostics.push(diagnose(this.#yaml, path, at, message, hint));
  }

  /** Adds a problem at characters of a text value. */
  addInText(
    path: ValuePath,
    range: { readonly start: number; readonly end: number },
    message: string,
    hint?: string,
  ): void {
    const { file, text } = this.#yaml;
    this.#diagnostics.push(diagnosticAt(file, text, locateText(this.#yaml, path, range), message, hint));
  }

  /** All problems, in the order of the file. */
  list(): readonly Diagnostic[] {
    return this.#diagnostics.toSorted((a, b) => a.line - b.line || a.column - b.column);
  }
}

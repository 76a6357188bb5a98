import { type Diagnostic, diagnosticAt } from "../lib/diagnostics.ts";
import { diagnose, type ValuePath, type YamlFile } from "../lib/yaml-file.ts";
import { locateText } from "./locate-text.ts";

/** Nobody reads more, and finding their places in a large file takes its time. */
const maxFindings = 100;
/** With so many, nothing more is looked for: each name that is not known is compared with all that are. */
const enough = 200;

/** What a check of a workflow has found, each at its place in the file; of very many only the first, and how many more. */
export class Findings {
  readonly #yaml: YamlFile;
  readonly #diagnostics: Diagnostic[] = [];
  #more = 0;

  constructor(yaml: YamlFile) {
    this.#yaml = yaml;
  }

  /** Whether so much is wrong that looking for more is of no use. */
  get areEnough(): boolean {
    return this.#diagnostics.length + this.#more >= enough;
  }

  /** Adds a problem at a key or at its value. */
  add(path: ValuePath, at: "key" | "value", message: string, hint?: string): void {
    this.#push(() => diagnose(this.#yaml, path, at, message, hint));
  }

  /** Adds a problem at characters of a text value. */
  addInText(
    path: ValuePath,
    range: { readonly start: number; readonly end: number },
    message: string,
    hint?: string,
  ): void {
    const { file, text } = this.#yaml;
    this.#push(() => diagnosticAt(file, text, locateText(this.#yaml, path, range), message, hint));
  }

  /** All problems, in the order of the file. */
  list(): readonly Diagnostic[] {
    const found = this.#diagnostics.toSorted((a, b) => a.line - b.line || a.column - b.column);
    const last = found.at(-1);
    if (last === undefined || this.#more === 0) return found;
    const { file, line, column } = last;
    return [
      ...found,
      {
        file,
        line,
        column,
        length: 1,
        message: `and ${this.areEnough ? "at least " : ""}${this.#more} more problems in this file`,
      },
    ];
  }

  #push(locate: () => Diagnostic): void {
    if (this.#diagnostics.length < maxFindings) this.#diagnostics.push(locate());
    else this.#more += 1;
  }
}

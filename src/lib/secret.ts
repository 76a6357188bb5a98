// `util.inspect.custom` by its registered name: loading node:util for it would cost every command 3 ms.
const inspectCustom = Symbol.for("nodejs.util.inspect.custom");
const shown = "***";

/**
 * A value that cannot be printed by accident: `String`, templates, `JSON.stringify` and `console.log` all show `***`.
 * Only `reveal()` gives the value.
 *
 * @example
 * `${new Secret("hunter2")}`; // "***"
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The value itself. Call it at the last moment and never put the result into a message. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return shown;
  }

  toJSON(): string {
    return shown;
  }

  [inspectCustom](): string {
    return shown;
  }
}

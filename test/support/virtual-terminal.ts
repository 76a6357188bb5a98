// oxlint-disable no-control-regex -- escape sequences are what this file reads
/**
 * A terminal as far as the live block needs one: text, line feeds, cursor up to the start of a line, clear to the end.
 * Anything else that acts on a terminal is an error, so that a test notices it.
 */
export class VirtualTerminal {
  readonly #lines: string[] = [""];
  #row = 0;
  cursorShown = true;

  /** Rows with text, from the top; colours dropped. */
  get screen(): readonly string[] {
    return this.#lines.at(-1) === "" ? this.#lines.slice(0, -1) : this.#lines;
  }

  write(text: string): void {
    for (const [token] of text.matchAll(/\u001B\[[\d;?]*[A-Za-z]|\n|[^\u001B\n]+|\u001B/g)) this.#apply(token);
  }

  #apply(token: string): void {
    if (token === "\n") {
      this.#row += 1;
      if (this.#row === this.#lines.length) this.#lines.push("");
    } else if (token.startsWith("\u001B")) this.#control(token);
    else if (this.#lines[this.#row] === "") this.#lines[this.#row] = token;
    else
      throw new Error(
        `row ${this.#row} is written over: ${JSON.stringify(this.#lines[this.#row])} by ${JSON.stringify(token)}`,
      );
  }

  #control(token: string): void {
    const up = /^\u001B\[(\d+)F$/.exec(token);
    if (up !== null) {
      this.#row -= Number(up[1]);
      if (this.#row < 0) throw new Error("the cursor went above the first row");
    } else if (token === "\u001B[J") this.#lines.splice(this.#row, Number.POSITIVE_INFINITY, "");
    else if (token === "\u001B[?25l") this.cursorShown = false;
    else if (token === "\u001B[?25h") this.cursorShown = true;
    else if (token !== "\u001B[?7l" && token !== "\u001B[?7h" && !/^\u001B\[[\d;]*m$/.test(token)) {
      throw new Error(`unknown sequence ${JSON.stringify(token)}`);
    }
  }
}

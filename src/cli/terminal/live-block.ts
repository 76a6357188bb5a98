import type { OutputStream } from "../command-io.ts";

/** At most ten frames a second: eyes do not read more, and slow lines carry less. */
const frameMs = 100;
/** Without news the block is drawn again this often, so that its clocks go on. */
const tickMs = 1_000;

const hideCursor = "\u001B[?25l";
const showCursor = "\u001B[?25h";
/** Long lines are cut at the edge, not wrapped: a frame is as many rows as it has lines even while the window shrinks. */
const noWrap = "\u001B[?7l";
const wrap = "\u001B[?7h";
const clearDown = "\u001B[J";

/**
 * Some lines at the end of a terminal that are drawn again in place. Each frame is one write that hides the cursor, draws and
 * shows it again, so that a process which is killed never leaves a terminal without a cursor. Without a terminal nothing is drawn.
 *
 * @example
 * using block = new LiveBlock(io.stdout);
 * block.draw(() => renderRunBlock(state, Date.now(), io.stdout));
 */
export class LiveBlock implements Disposable {
  readonly #stream: OutputStream;
  #render: () => readonly string[] = () => [];
  /** Rows of the frame that stands on the terminal. */
  #rows = 0;
  #drawnAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #tick: NodeJS.Timeout | undefined;

  constructor(stream: OutputStream) {
    this.#stream = stream;
  }

  /** Says how the block looks from now on; it is drawn at once, or when the last frame is old enough. */
  draw(render: () => readonly string[]): void {
    this.#render = render;
    if (!this.#stream.isTTY || this.#timer !== undefined) return;
    const wait = this.#drawnAt + frameMs - performance.now();
    if (wait <= 0) this.#drawNow();
    else this.#timer = setTimeout(() => this.#drawNow(), wait);
  }

  /** Writes lines that stay, above the block. */
  print(lines: readonly string[]): void {
    if (lines.length === 0) return;
    if (!this.#stream.isTTY) this.#stream.write(`${lines.join("\n")}\n`);
    else this.#write(lines.map((line) => `${line}\n`).join(""), this.#frame());
  }

  /** Takes the block away, and writes lines that stay in its place. */
  end(lines: readonly string[] = []): void {
    this.#stopTimer();
    const text = lines.map((line) => `${line}\n`).join("");
    if (this.#stream.isTTY) this.#write(text, []);
    else if (text !== "") this.#stream.write(text);
    this.#render = () => [];
  }

  /** Leaves the last frame where it stands. */
  [Symbol.dispose](): void {
    this.#stopTimer();
    this.#rows = 0;
  }

  #drawNow(): void {
    this.#stopTimer();
    this.#write("", this.#frame());
    this.#tick = setTimeout(() => this.#drawNow(), tickMs);
    this.#tick.unref();
  }

  #frame(): readonly string[] {
    // One row stays free for the cursor; a block that scrolls could not be drawn over.
    return this.#render().slice(0, Math.max(0, this.#stream.height - 1));
  }

  #write(above: string, frame: readonly string[]): void {
    const back = this.#rows > 0 ? `\u001B[${this.#rows}F` : "";
    if (back === "" && frame.length === 0) {
      if (above !== "") this.#stream.write(above);
      return;
    }
    const block = frame.map((line) => `${line}\n`).join("");
    this.#stream.write(`${hideCursor}${back}${clearDown}${above}${noWrap}${block}${wrap}${showCursor}`);
    this.#rows = frame.length;
    this.#drawnAt = performance.now();
  }

  #stopTimer(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#tick);
    this.#timer = undefined;
  }
}

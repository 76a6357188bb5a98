/** One wrong place in the text of an expression or a template. Offsets count characters of that text. */
export class ExpressionProblem extends Error {
  override readonly name = "ExpressionProblem";
  readonly start: number;
  readonly end: number;
  readonly hint: string | undefined;

  constructor(message: string, range: { readonly start: number; readonly end: number }, hint?: string) {
    super(message);
    this.start = range.start;
    this.end = Math.max(range.start + 1, range.end);
    this.hint = hint;
  }

  /** The same problem in a text that holds this one's text from `offset` on. */
  movedBy(offset: number): ExpressionProblem {
    return new ExpressionProblem(this.message, { start: this.start + offset, end: this.end + offset }, this.hint);
  }
}

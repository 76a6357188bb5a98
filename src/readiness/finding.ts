/**
 * Something beside the results that the verdict must know: a waiver that has expired, a run that was cut short.
 * A failure makes the verdict 1 and a reservation 2; a concern is a note that `--strict` makes a reservation.
 */
export interface Finding {
  readonly level: "failure" | "reservation" | "concern" | "note";
  /** One sentence. */
  readonly text: string;
}

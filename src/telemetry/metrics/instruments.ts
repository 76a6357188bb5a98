/** Where the parts of a server tell what is counted in its process. */
export interface Instruments {
  /**
   * A request was answered.
   *
   * @param operation from the fixed list of operations
   * @param seconds null where the time means nothing: a stream ends when its reader likes
   */
  countRequest(operation: string, status: number, seconds: number | null): void;
  /** A webhook was tried once. */
  countDelivery(result: DeliveryResult): void;
  /** A message of an alert was tried once; `channel` is a name of the configuration. */
  countAlertMessage(channel: string, result: DeliveryResult): void;
  /** An adapter was asked whether it works, or a request was sent to it. */
  observeAdapter(adapter: string, seconds: number): void;
}

/** What became of an attempt: it is tried again, or given up, when it is not delivered. */
export type DeliveryResult = "delivered" | "retried" | "dead";

/** Counts nothing. */
export const noInstruments: Instruments = {
  countRequest: () => undefined,
  countDelivery: () => undefined,
  countAlertMessage: () => undefined,
  observeAdapter: () => undefined,
};

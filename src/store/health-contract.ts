/** Whether the store works, found out by working with it. */
export interface StoreProbe {
  /**
   * Reads what every store has, and writes a row of its own until it is durable. As long as others keep the store busy it waits.
   *
   * @throws MahavishnuError STATE_… that says what stands in the way.
   */
  probe(): Promise<void>;
}

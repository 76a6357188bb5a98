import type { TracingChannel } from "node:diagnostics_channel";

/** Tells of each call of a channel how long it took, whether it failed or not, until it is disposed of. */
export function followCalls<Call extends object>(
  channel: TracingChannel<string, Call>,
  record: (call: Call, seconds: number) => void,
): Disposable {
  const begun = new WeakMap<object, number>();
  const handlers = {
    start: (call: Call) => void begun.set(call, performance.now()),
    end: () => undefined,
    asyncStart: () => undefined,
    asyncEnd: (call: Call) => {
      const begin = begun.get(call);
      if (begin !== undefined) record(call, (performance.now() - begin) / 1_000);
    },
    error: () => undefined,
  };
  channel.subscribe(handlers);
  return { [Symbol.dispose]: () => channel.unsubscribe(handlers) };
}

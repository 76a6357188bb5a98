declare const __CRASH_POINTS__: boolean | undefined;

let hits = 0;

/**
 * A named place where a test may kill the process. Exists only in builds made with the define `__CRASH_POINTS__`;
 * in the shipped bundle the call is folded away, and a test shows that no name of a crash point is left in it.
 *
 * `CRASH_AT=NAME:N` kills at the Nth visit of NAME; `CRASH_AT=*:N` at the Nth visit of any.
 */
export function crashPoint(name: string): void {
  if (typeof __CRASH_POINTS__ === "undefined" || !__CRASH_POINTS__) return;
  const [where, nth] = (process.env["CRASH_AT"] ?? "").split(":");
  if (where !== name && where !== "*") return;
  hits += 1;
  if (hits === Number(nth)) process.kill(process.pid, "SIGKILL");
}

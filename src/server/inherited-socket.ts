import { MahavishnuError } from "../lib/errors.ts";

/** The first descriptor that is handed over; see sd_listen_fds(3). */
const firstDescriptor = 3;

/**
 * The listening socket that whoever started this process has handed over, as systemd does with a socket unit: it goes on to take
 * connections while one server stops and the next one starts, so that none is refused. Null when there is none.
 *
 * @throws MahavishnuError SERVER_REFUSED when there are several.
 */
export function findInheritedSocket(env: Readonly<Record<string, string | undefined>>, pid: number): number | null {
  const { LISTEN_PID: receiver, LISTEN_FDS: count } = env;
  // Variables that were meant for another process are handed on with the environment.
  if (receiver !== String(pid) || count === undefined) return null;
  if (count === "1") return firstDescriptor;
  throw new MahavishnuError("SERVER_REFUSED", `${count} sockets were handed over, and one is needed`, {
    fix: "Give the socket unit one ListenStream.",
  });
}

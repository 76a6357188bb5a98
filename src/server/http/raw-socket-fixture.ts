import { once } from "node:events";
import { connect } from "node:net";

/**
 * For tests: sends bytes as they are, and gives all that comes back until the other side ends the connection. Ask with
 * `Connection: close` where the server would keep it.
 */
export async function sendRaw(port: number, ...parts: readonly (string | Buffer)[]): Promise<string> {
  const socket = connect({ port, host: "127.0.0.1" });
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  const closed = once(socket, "close").catch(() => undefined);
  // A server that hangs up early is an answer too.
  socket.on("error", () => undefined);
  await once(socket, "connect");
  for (const part of parts) if (!socket.destroyed) socket.write(part);
  await closed;
  return Buffer.concat(chunks).toString("latin1");
}

/** The status of each answer in what came back. */
export function statusesOf(answer: string): number[] {
  return [...answer.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
}

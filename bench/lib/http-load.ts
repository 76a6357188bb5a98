import { Agent, request } from "node:http";
import { setTimeout as delay } from "node:timers/promises";

/** One kind of request. */
export interface Target {
  readonly url: string;
  readonly token?: string;
  readonly method?: string;
  readonly body?: string;
}

/** One answer: its status, its text, and the milliseconds that it took. */
export interface Timed {
  readonly status: number;
  readonly text: string;
  readonly ms: number;
}

/** Sends one request over a kept connection. */
export async function ask(agent: Agent, { url, token, method = "GET", body }: Target): Promise<Timed> {
  const begin = performance.now();
  return await new Promise((resolve, reject) => {
    const headers = {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { "content-type": "application/json", "content-length": Buffer.byteLength(body) }),
    };
    const sent = request(url, { agent, method, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.once("error", reject);
      response.once("end", () => {
        const ms = performance.now() - begin;
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString(), ms });
      });
    });
    sent.once("error", reject);
    sent.end(body);
  });
}

/**
 * Open loop: so many requests a second, whether earlier ones have been answered or not. The time of each counts from when it was
 * due, so that a server which stalls cannot hide it.
 */
export async function openLoop(
  targetOf: (index: number) => Target,
  { perSecond, seconds }: { readonly perSecond: number; readonly seconds: number },
): Promise<Timed[]> {
  using agent = keepAlive();
  const begin = performance.now();
  const pending: Promise<Timed>[] = [];
  for (let index = 0; index < perSecond * seconds; index += 1) {
    const due = begin + (index * 1_000) / perSecond;
    const wait = due - performance.now();
    if (wait > 0) await delay(wait);
    const late = Math.max(0, performance.now() - due);
    pending.push(ask(agent.agent, targetOf(index)).then((timed) => ({ ...timed, ms: timed.ms + late })));
  }
  return await Promise.all(pending);
}

/** Closed loop: some callers that ask again as soon as they are answered. @returns answers a second */
export async function closedLoop(
  target: Target,
  { callers, seconds }: { readonly callers: number; readonly seconds: number },
): Promise<number> {
  using agent = keepAlive();
  const begin = performance.now();
  let answers = 0;
  const call = async (): Promise<void> => {
    while (performance.now() - begin < seconds * 1_000) {
      const { status } = await ask(agent.agent, target);
      if (status !== 200) throw new Error(`${target.url} answered ${status}`);
      answers += 1;
    }
  };
  await Promise.all(Array.from({ length: callers }, call));
  return (answers * 1_000) / (performance.now() - begin);
}

function keepAlive(): Disposable & { readonly agent: Agent } {
  const agent = new Agent({ keepAlive: true });
  return { agent, [Symbol.dispose]: () => agent.destroy() };
}

/** The value that so many of a hundred are below. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))] ?? Number.NaN;
}

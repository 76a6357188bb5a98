/** Many followers of one run in a process of its own: `node follow-load.ts URL TOKEN RUN FOLLOWERS`; prints what they have seen. */
import { Agent, get } from "node:http";
import { percentile } from "./http-load.ts";

const [url = "", token = "", runId = "", followers = "0"] = process.argv.slice(2);
const address = new URL(`/v1/runs/${runId}/events/stream`, url);
const agent = new Agent({ maxSockets: Infinity });
const delays: number[] = [];

/** @returns how many events came, and whether the stream came to its end. */
async function follow(): Promise<{ readonly events: number; readonly isWhole: boolean }> {
  return await new Promise((resolve, reject) => {
    get(address, { agent, headers: { authorization: `Bearer ${token}` } }, (response) => {
      let rest = "";
      let events = 0;
      let expected = 1;
      let isWhole = false;
      response.setEncoding("utf8");
      response.on("data", (text: string) => {
        const now = Date.now();
        const frames = (rest + text).split("\n\n");
        rest = frames.pop() ?? "";
        for (const frame of frames) {
          if (frame.startsWith("event: end")) isWhole = true;
          if (!frame.startsWith("event: event")) continue;
          events += 1;
          const id = Number(/^id: (\d+)$/m.exec(frame)?.[1]);
          if (id !== expected) reject(new Error(`event ${id} came where ${expected} was due`));
          expected = id + 1;
          const time = /"time":"([^"]+)"/.exec(frame)?.[1] ?? "";
          // What was there before this follower came tells nothing about delay.
          if (Date.parse(time) > joined) delays.push(now - Date.parse(time));
        }
      });
      response.once("error", reject);
      response.once("end", () => resolve({ events, isWhole }));
    }).once("error", reject);
  });
}

const joined = Date.now() + 2_000;
const seen = await Promise.all(Array.from({ length: Number(followers) }, follow));
const counts = seen.map(({ events }) => events);
console.log(
  JSON.stringify({
    whole: seen.filter(({ isWhole }) => isWhole).length,
    least: Math.min(...counts),
    most: Math.max(...counts),
    delays: delays.length,
    p50: percentile(delays, 50),
    p95: percentile(delays, 95),
  }),
);
agent.destroy();

/** What a scrape of `/metrics` costs after a long history, against after a short one: two servers as they are shipped, asked in turn. */
import { Agent } from "node:http";
import { type BenchResult, measurePairs, median, ratios } from "./lib/bench-result.ts";
import { ask, type Target } from "./lib/http-load.ts";
import { printResults } from "./lib/print-results.ts";
import { type ServedWorkspace, serveWorkspace } from "./lib/server-workspace.ts";

const bar = 1.2;
/** Scrapes of one look. */
const scrapes = 50;

/** Measures; `many` runs against `few`, in `pairs` interleaved pairs. */
export async function run(many = 10_000, few = 100, pairs = 15): Promise<BenchResult[]> {
  await using short = await serveWorkspace(few);
  await using long = await serveWorkspace(many);
  const agent = new Agent({ keepAlive: true });
  try {
    const sizes = [await sizeOf(agent, long, many), await sizeOf(agent, short, few)] as const;
    const scrape = ({ server, token }: ServedWorkspace) => {
      const target: Target = { url: `${server.url}/metrics`, token };
      return async (): Promise<void> => {
        for (let n = 0; n < scrapes; n += 1) await ask(agent, target);
      };
    };
    const times = await measurePairs(pairs, scrape(long), scrape(short));
    const samples = ratios(times.a, times.b);
    const time = median(samples);
    const size = sizes[0] / sizes[1];
    const about = `after ${many} runs against after ${few}`;
    const wanted = `<= ${bar} x`;
    return [
      {
        name: `the time of a scrape ${about}`,
        bar: wanted,
        figure: time,
        unit: "x",
        ok: time <= bar,
        samples,
        note: `${(median(times.a) / scrapes).toFixed(2)} ms against ${(median(times.b) / scrapes).toFixed(2)} ms`,
      },
      {
        name: `the size of a scrape ${about}`,
        bar: wanted,
        figure: size,
        unit: "x",
        ok: size <= bar,
        samples: [size],
        note: `${sizes[0]} bytes against ${sizes[1]}`,
      },
    ];
  } finally {
    agent.destroy();
  }
}

/** Bytes of a scrape that has all of it: every run was counted, and what is measured in the background is there. */
async function sizeOf(agent: Agent, { server, token }: ServedWorkspace, runs: number): Promise<number> {
  const target: Target = { url: `${server.url}/metrics`, token };
  const measured = [
    "\nmahavishnu_state_bytes ",
    "\nmahavishnu_event_loop_delay_seconds_count ",
    "\nmahavishnu_adapter_up{",
  ];
  const counted = `mahavishnu_runs_finished_total{workflow="nothing",state="succeeded"} ${runs}\n`;
  // A first one, so that the requests of both are counted by the one that is measured.
  await ask(agent, target);
  for (let n = 0; n < 600; n += 1) {
    const { status, text } = await ask(agent, target);
    if (status !== 200) throw new Error(`the server answered ${status}: ${text}`);
    if ([counted, ...measured].every((part) => text.includes(part))) return text.length;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`not all of ${runs} runs are counted`);
}

if (import.meta.main) printResults(await run(...process.argv.slice(2).map(Number)));

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv } from "ajv";
import { createGenerator } from "ts-json-schema-generator";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { root } from "../../scripts/lib/root.ts";
import { metricTable } from "../../src/telemetry/metrics/metric-table.ts";
import { Api, ServedWorkspace, type ServeProcess, until } from "../support/serve-process.ts";
import { findFreePort, findTool, needTools, startTool, type StartedTool } from "./tools.ts";

interface Panel {
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly options?: object;
  readonly fieldConfig?: { readonly defaults: { readonly unit: string } };
  readonly targets?: readonly { readonly expr: string }[];
}

const dashboard = JSON.parse(readFileSync(join(root, "deploy/grafana/mahavishnu.json"), "utf8")) as {
  readonly panels: readonly Panel[];
};
const panels = dashboard.panels.filter(({ type }) => type !== "row");

/** The shape of a type of Grafana's own SDK, which is made from Grafana's schemas. */
function schemaOf(part: string, type: string): { definitions: Record<string, object> } {
  const path = join(root, "node_modules/@grafana/grafana-foundation-sdk/dist", part, "types.gen.d.ts");
  return createGenerator({ path, type, skipTypeCheck: true, topRef: true }).createSchema(type) as never;
}

describe("the dashboard", () => {
  it("is what Grafana's own schema allows, panel by panel, which sees a planted fault", () => {
    const whole = schemaOf("dashboard", "Dashboard");
    const query = schemaOf("prometheus", "Dataquery");
    // Which queries there are depends on where the data come from.
    Object.assign(whole.definitions, query.definitions);
    const validate = new Ajv({ strict: false }).compile(whole);
    expect(validate(dashboard), JSON.stringify(validate.errors)).toBe(true);
    for (const type of ["stat", "timeseries"]) {
      const check = new Ajv({ strict: false }).compile(schemaOf(type, "Options"));
      for (const { title, options } of panels.filter((panel) => panel.type === type))
        expect(check(options), `${title}: ${JSON.stringify(check.errors)}`).toBe(true);
    }
    expect(validate({ ...dashboard, panel: [] })).toBe(false);
    expect(validate({ ...dashboard, panels: [{ ...panels[0], targets: [{ query: "up" }] }] })).toBe(false);
  });

  it("shows every metric, and says of each panel what it means and in which unit", () => {
    const text = JSON.stringify(dashboard);
    expect(Object.keys(metricTable).filter((name) => !text.includes(name))).toEqual([]);
    for (const { title, description, fieldConfig } of panels) {
      expect([title, description, fieldConfig?.defaults.unit]).toEqual([title, expect.any(String), expect.any(String)]);
    }
    const titles = panels.map(({ title }) => title);
    expect(new Set(titles).size).toBe(titles.length);
  });
});

/** Panels of what has not happened to this server, and why. */
const empty: Readonly<Record<string, string>> = {
  Git: "nothing was checked out",
};

describe("the queries of the dashboard, asked of a real Prometheus", () => {
  const space = new ServedWorkspace({ drain: "1s" });
  let server: ServeProcess | undefined;
  let prometheus: StartedTool | undefined;
  let origin = "";

  beforeAll(async () => {
    if (findTool("prometheus") === null) return;
    const bad = { version: 1, name: "bad", jobs: { j: { steps: [{ run: "exit 3" }] } } };
    space.write("workflows/bad.yaml", JSON.stringify(bad));
    space.write(
      "mahavishnu.yaml",
      JSON.stringify({
        version: 1,
        server: { port: 0, drain: "1s" },
        auth: { enabled: true, secret: "${env:SERVED_SECRET}" },
        access: { bindings: [{ subject: "user:root", role: "admin" }] },
        backup: { folder: "backups", every: "1d" },
        telemetry: {
          channels: { log: { file: "alerts.ndjson" } },
          alerts: [{ name: "failures", on: ["run.failed"], notify: ["log"] }],
          slos: { all: { availability: { objective: 99 } } },
        },
      }),
    );
    server = await space.serve();
    const token = await space.token();
    const port = await findFreePort();
    origin = `http://127.0.0.1:${port}`;
    space.write("metrics-token", token);
    const rules = join(root, "deploy/prometheus/mahavishnu.rules.yaml");
    space.write(
      "prometheus.yaml",
      JSON.stringify({
        global: { scrape_interval: "500ms", evaluation_interval: "500ms" },
        rule_files: [rules],
        scrape_configs: [
          {
            job_name: "mahavishnu",
            authorization: { credentials_file: space.path("metrics-token") },
            static_configs: [{ targets: [new URL(server.directUrl).host] }],
          },
        ],
      }),
    );
    prometheus = startTool("prometheus", [
      `--config.file=${space.path("prometheus.yaml")}`,
      `--storage.tsdb.path=${space.path("tsdb")}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ]);
    const api = new Api(token);
    // A rate takes two looks at what is there.
    const once = async (workflow: string, end: string): Promise<void> => {
      const id = await api.start(server as ServeProcess, workflow);
      await until(async () => (await api.show(server as ServeProcess, id)).state === end);
    };
    await once("one", "succeeded");
    await once("bad", "failed");
    await until(async () => (await ask("mahavishnu_slo_budget_remaining_ratio")).length > 0);
    await until(async () => (await ask('mahavishnu_runs_finished_total{state="failed"}')).length > 0);
    await once("one", "succeeded");
    await once("bad", "failed");
    await until(async () => (await ask('rate(mahavishnu_runs_finished_total{state="failed"}[1m])')).length > 0);
  }, 90_000);
  afterAll(async () => {
    await prometheus?.[Symbol.asyncDispose]();
    await server?.[Symbol.asyncDispose]();
    space[Symbol.dispose]();
  });

  async function ask(query: string): Promise<readonly unknown[]> {
    const answer = await fetch(`${origin}/api/v1/query`, {
      method: "POST",
      body: new URLSearchParams({ query }),
    }).catch(() => null);
    if (answer === null) return [];
    const { status, error, data } = (await answer.json()) as {
      status: string;
      error?: string;
      data?: { result: readonly unknown[] };
    };
    if (status !== "success") throw new Error(`${query}: ${error}`);
    return data?.result ?? [];
  }

  it("are taken, and have an answer where there is one", { timeout: 60_000 }, async (context) => {
    needTools(context, "prometheus");
    const silent: string[] = [];
    for (const { title, targets = [] } of panels) {
      for (const { expr } of targets) {
        const query = expr
          .replaceAll("$__rate_interval", "1m")
          .replaceAll('"$job"', '"mahavishnu"')
          .replaceAll('"$instance"', '".+"');
        expect(query).not.toContain("$");
        if ((await ask(query)).length === 0) silent.push(title);
      }
    }
    expect([...new Set(silent)].toSorted()).toEqual(Object.keys(empty).toSorted());
  });

  it("and the shipped rules are in force there, none of them at fault", { timeout: 60_000 }, async (context) => {
    needTools(context, "prometheus");
    interface Told {
      readonly data: {
        readonly groups: readonly { readonly rules: readonly { readonly name: string; readonly health: string }[] }[];
      };
    }
    const rules = async () =>
      ((await (await fetch(`${origin}/api/v1/rules`)).json()) as Told).data.groups.flatMap((group) => group.rules);
    await until(async () => (await rules()).every(({ health }) => health !== "unknown"));
    expect((await rules()).filter(({ health }) => health !== "ok")).toEqual([]);
    expect((await rules()).length).toBeGreaterThan(10);
  });
});

import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Subject } from "../../../access/subject.ts";
import type { AppContext } from "../../../app/app-context.ts";
import { openApp } from "../../../app/open-app.ts";
import type { perform } from "../../../app/perform.ts";
import { type LoadedConfig, loadConfig } from "../../../config/load-config.ts";
import type { Act } from "../../acting/act-in-scratch.ts";
import { runToEnd } from "../../acting/run-to-end.ts";
import type { ScratchWorkspace } from "../../acting/scratch-workspace.ts";
import { expectSame } from "../../acting/unmet.ts";

/** The one door of the product: `perform`, or in the tests of these tests one that is broken. */
export type Door = typeof perform;

/** A binding as a user writes it. */
export interface WrittenBinding {
  readonly subject: string;
  readonly role: string;
  readonly where?: string;
}

/** A workspace with a history, at whose door subjects ask. The door is asked in this process: behind it every entry is the same. */
export interface DoorWorld {
  readonly workspace: ScratchWorkspace;
  /** Ids of runs that the owner has made: over both repositories, and over each alone. */
  readonly runs: { readonly both: string; readonly alpha: string; readonly beta: string };
  /** The configuration as it lies in the file now. */
  load(): Promise<LoadedConfig>;
  /** Opens the workspace for a subject, as another process would, and closes it again. */
  as<T>(subject: Subject, body: (app: AppContext) => Promise<T>, loaded?: LoadedConfig): Promise<T>;
}

/** Makes two repositories, of the teams edge and core, a workflow that sweeps them, and three runs of it. */
export async function makeDoorWorld(act: Act, bindings: readonly WrittenBinding[]): Promise<DoorWorld> {
  const workspace = await act.workspace({
    repositories: ["alpha", "beta"],
    manifest: { alpha: { tags: ["team/edge"] }, beta: { tags: ["team/core"] } },
    workflows: { touch: { jobs: { work: { sweep: {}, checkout: "inPlace", steps: [{ id: "touch", run: "true" }] } } } },
    // Tokens are made and revoked too, and rest on a secret.
    config: { auth: { enabled: false, secret: randomBytes(32).toString("hex") }, access: { bindings } },
  });
  const ended = await Promise.all(
    [[], ["-s", "name:alpha"], ["-s", "name:beta"]].map(async (select) => {
      return await runToEnd(act, workspace, ["run", "touch", ...select]);
    }),
  );
  expectSame(
    ended.map(({ run }) => run.state),
    ["succeeded", "succeeded", "succeeded"],
    "the owner's runs did not succeed",
  );
  const [both = "", alpha = "", beta = ""] = ended.map(({ run }) => run.id);
  const env = { ...act.context.environment, TMPDIR: join(act.scratch.folder, ".tmp") };
  await mkdir(env.TMPDIR, { recursive: true });
  const load = async (): Promise<LoadedConfig> => await loadConfig({ workspace: workspace.folder, env: {}, set: [] });
  return {
    workspace,
    runs: { both, alpha, beta },
    load,
    as: async (subject, body, loaded) => {
      act.signal.throwIfAborted();
      await using app = openApp({ loaded: loaded ?? (await load()), subject, env });
      return await body(app);
    },
  };
}

/** A user without groups. */
export function user(name: string, groups: readonly string[] = []): Subject {
  return { name, groups };
}

import { mkdtempSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { MahavishnuError, UserFileError } from "../../lib/errors.ts";
import { hideFolders } from "./hide-folders.ts";
import { toProblem } from "./problem.ts";

const workspace = mkdtempSync(join(tmpdir(), "hide-"));
const link = `${workspace}-link`;
symlinkSync(workspace, link);
afterAll(() => {
  rmSync(link);
  rmSync(workspace, { recursive: true });
});
const paths = {
  repositories: "/srv/manifests/repos.yaml",
  workflows: join(link, "workflows"),
  stateFolder: join(link, ".mahavishnu"),
  stateFile: "/var/lib/state/own/state.db",
  waivers: undefined,
  tlsCert: undefined,
  tlsKey: undefined,
  backups: "/srv/copies",
  allowedRoots: ["/srv", "/"],
};
const hide = hideFolders({ workspace: link, paths });
const told = (message: string): string => hide(toProblem(new MahavishnuError("STATE_DAMAGED", message), "r")).detail;

describe("hideFolders", () => {
  it("tells what is in the workspace from there, however the folder is spelled", () => {
    for (const spelled of [link, workspace, realpathSync(workspace)]) {
      expect(told(`${spelled}/a/b.yaml is bad`)).toBe("a/b.yaml is bad");
      expect(told(`open '${spelled}/x', in ${spelled}: no`)).toBe("open 'x', in the workspace: no");
      expect(told(`in ${spelled}.`)).toBe("in the workspace.");
    }
  });

  it("tells of other folders that they are there", () => {
    expect(told("/var/lib/state/own/state.db is damaged")).toBe("…/state.db is damaged");
    expect(told("/srv/manifests/repos.yaml and /srv/x, /srv")).toBe("…/repos.yaml and …/x, …");
  });

  it("leaves what only looks like one", () => {
    for (const text of [`${link}-2/a`, `/x${link}/a`, "/srv2", "/srv.old", "a / b", "/var/lib", "https://host/srv/x"])
      expect(told(text)).toBe(text);
  });

  it("covers diagnostics and the fix, and leaves what only repeats a request", () => {
    const file = `${link}/repos.yaml`;
    const error = new UserFileError([{ file, line: 1, column: 1, length: 1, message: `see ${file}` }]);
    const problem = hide(toProblem(error, "r"));
    expect(problem.diagnostics).toMatchObject([{ file: "repos.yaml", message: "see repos.yaml" }]);
    const fixed = hide(toProblem(new MahavishnuError("STATE_BUSY", "no", { fix: `See ${file}` }), "r"));
    expect(fixed.fix).toBe("See repos.yaml");
    const repeated = toProblem(new MahavishnuError("NOT_FOUND", `nothing at ${file}`), "r");
    expect(hide(repeated)).toBe(repeated);
  });
});

import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Bad } from "./bad-input-cases.ts";
import { makeRepository } from "./git-fixture.ts";

const sound: Bad = {
  "mahavishnu.yaml": "version: 1\nauth: { enabled: false }\n",
  "repos.yaml": "version: 1\nroles: { library: {} }\nrepos: { web: { role: library }, api: { needs: [web] } }\n",
  "workflows/hello.yaml":
    "version: 1\nname: hello\ninputs: { word: { type: string, default: hi } }\njobs: { greet: { checkout: inPlace, sweep: {}, steps: [{ run: 'true' }] } }\n",
};

/** Makes a small sound workspace with one repository that is there, and puts what is bad in its place. */
export function makeBadWorkspace(folder: string, bad: Bad): string {
  makeRepository(join(folder, "web"));
  for (const [name, content] of Object.entries({ ...sound, ...bad })) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    if (content === null) rmSync(path, { recursive: true, force: true });
    else if (typeof content === "function") content(path);
    else writeFileSync(path, content);
  }
  return folder;
}

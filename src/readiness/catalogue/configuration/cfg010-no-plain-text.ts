import { count } from "../../../lib/count.ts";
import { formatOrigin } from "../../../config/origin.ts";
import type { CheckContext } from "../../context.ts";
import type { CheckDefinition } from "../../definition.ts";
import type { Outcome } from "../../types.ts";
import { needsConfig } from "../needs-config.ts";
import { readConfigFiles } from "./config-files.ts";
import { findPlainText, mayHoldToken, type PlainTextSecret } from "./find-plain-text.ts";

/** No secret stands in a file that is read, copied and committed. */
export const cfg010: CheckDefinition = {
  id: "CFG010",
  title: "no secret stands in plain text",
  kind: "check",
  category: "configuration",
  severity: "error",
  security: true,
  verifies: "No file of the workspace, and no earlier version of it in git, holds a password, a token or a key.",
  how: {
    static:
      "looks through the configuration, the manifest, the waivers and the workflows: by marks of providers, names of keys and randomness, with secretlint for a second opinion",
    live: "looks through what was ever added to these files in the workspace's own git history",
  },
  advice: {
    text: "Replace it by a reference, ${env:NAME} or ${file:PATH}, and revoke it: what was committed stays readable in the history.",
  },
  dependsOn: needsConfig,
  timeoutMs: 60_000,
  static: async (context) => {
    const { plainTextSecrets } = await context.config();
    const own = plainTextSecrets.map(({ path, origin }) => `${formatOrigin(origin)}: ${path} is written in plain text`);
    const places = new Set(
      plainTextSecrets.map(({ origin }) =>
        origin.layer === "file" || origin.layer === "local" ? `${origin.file}:${origin.line}` : "",
      ),
    );
    const files = await readConfigFiles(context);
    const found: string[] = [];
    for (const { shown, text } of files) {
      for (const { line, what } of await search(shown, text)) {
        if (!places.has(`${shown}:${line}`)) found.push(`${shown}:${line}: ${what}`);
      }
    }
    return judge([...own, ...found], `${files.length} ${files.length === 1 ? "file holds" : "files hold"} no secret`);
  },
  live: async (context) => {
    const { searchHistory } = await import("./search-history.ts");
    const history = await searchHistory(context, await pathsOf(context));
    if (history.commits === null)
      return { status: "pass", reason: "the workspace is no git repository, so there is no history" };
    return judge(history.found, `${count(history.commits, "commit", "commits")} of these files: no secret`);
  },
};

async function pathsOf(context: CheckContext): Promise<readonly string[]> {
  return (await readConfigFiles(context)).map(({ path }) => path);
}

async function search(shown: string, text: string): Promise<readonly PlainTextSecret[]> {
  const quick = findPlainText(text);
  if (quick.length > 0 || !mayHoldToken(text)) return quick;
  const { lintSecrets } = await import("./lint-secrets.ts");
  return await lintSecrets(shown, text);
}

function judge(found: readonly string[], good: string): Outcome {
  const [first] = found;
  if (first === undefined) return { status: "pass", reason: good };
  return {
    status: "fail",
    reason: `${first}${found.length > 1 ? ` (and ${found.length - 1} more)` : ""}`,
    evidence: found.map((text) => ({ kind: "file", text })),
  };
}

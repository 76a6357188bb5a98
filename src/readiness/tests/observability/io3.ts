import { randomBytes } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { type Act, actInScratch } from "../../acting/act-in-scratch.ts";
import type { CliResult } from "../../acting/call-cli.ts";
import { readRunDocument, targetOf } from "../../acting/run-document.ts";
import type { ScratchWorkspace } from "../../acting/scratch-workspace.ts";
import { expectMet, expectSame } from "../../acting/unmet.ts";
import type { CheckContext } from "../../context.ts";
import type { Outcome } from "../../types.ts";

/** Prints the secret in every form, whole and in pieces, and hands it on as an output. */
const spill = `
echo "plain: $TOKEN"
echo "error: $TOKEN" >&2
printf 'base64: %s\\n' "$(printf '%s' "$TOKEN" | base64 | tr -d '\\n')"
printf 'base64url: %s\\n' "$(printf '%s' "$TOKEN" | base64 | tr -d '\\n=' | tr '+/' '-_')"
printf 'url: %s\\n' "$(printf '%s' "$TOKEN" | sed -e 's/%/%25/g' -e 's/+/%2B/g' -e 's#/#%2F#g' -e 's/=/%3D/g' -e 's/&/%26/g')"
printf '%s' "in pieces: \${TOKEN%????????}"; sleep 0.3; printf '%s\\n' "\${TOKEN#"\${TOKEN%????????}"}"
echo "leaked=$TOKEN" >> "$MAHAVISHNU_OUTPUT"
echo "end of spill"`;

/**
 * Lets steps that were given a secret do everything wrong with it, and looks for it wherever something is kept or shown; and so
 * for the password in the url of a repository.
 */
export async function redactSecrets(context: CheckContext): Promise<Outcome> {
  return await actInScratch(context, "io3", async (act) => {
    // Characters that look different in base64 and in a URL.
    const canary = `canary+/${randomBytes(12).toString("hex")}=&x`;
    const password = `canary${randomBytes(12).toString("hex")}`;
    const token = { TOKEN: "${{ secrets.CANARY }}" };
    const workspace = await act.workspace({
      repositories: ["alpha"],
      // Who keeps a password here is told to take it out; until then nothing may hand it on. Nobody listens on port 9.
      manifest: { alpha: { url: `https://dana:${password}@127.0.0.1:9/alpha.git` } },
      config: { secrets: { CANARY: "${env:IO3_CANARY}" } },
      workflows: {
        spilling: {
          jobs: {
            good: {
              sweep: {},
              steps: [
                { id: "spill", run: spill, env: token },
                { id: "origin", run: 'echo "from $URL"', env: { URL: "${{ repo.url }}" } },
                { id: "blind", run: 'echo "not given: ${TOKEN:-nothing} ${IO3_CANARY:-nothing}"' },
              ],
              outputs: { leaked: "${{ steps.spill.outputs.leaked }}" },
            },
            bad: {
              steps: [{ id: "fail", run: `echo "failed with $TOKEN" >&2; exit 9`, env: token, retry: 1 }],
            },
          },
          finally: [{ id: "report", uses: "report/summary", with: { formats: ["markdown", "junit", "json"] } }],
        },
      },
    });
    const env = { IO3_CANARY: canary };
    const streamed = await act.call(workspace, ["run", "spilling", "-o", "ndjson"], { env });
    const id = await findRun(act, workspace);
    const shown = await Promise.all(
      commands(id).map(async (args) => [args.join(" "), await act.call(workspace, args, { env })] as const),
    );
    const log = await act.call(workspace, ["runs", "logs", id, "--repo", "alpha", "--step", "spill"], { env });
    expectMet(
      log.stdout.includes("plain: ***") && log.stdout.includes("end of spill"),
      "the step has not printed what it should",
      {
        observed: log.stdout.slice(0, 300),
      },
    );
    const blind = await act.call(workspace, ["runs", "logs", id, "--repo", "alpha", "--step", "blind"], { env });
    expectSame(blind.stdout.trim(), "not given: nothing nothing", "a step was given a secret that it did not ask for");
    const run = readRunDocument(await act.call(workspace, ["runs", "show", id, "-o", "json"], { env }));
    expectSame(
      [targetOf(run, "good/alpha").state, targetOf(run, "bad").state],
      ["succeeded", "failed"],
      "the jobs did not end as they should",
    );

    const texts: readonly (readonly [where: string, text: string])[] = [
      ["run spilling -o ndjson", bothOf(streamed)],
      ...shown.map(([where, result]) => [where, bothOf(result)] as const),
      ...(await readAll(join(workspace.folder, ".mahavishnu"), workspace.folder)),
    ];
    const forms = [...formsOf(canary), ["password of a repository's url", password] as const];
    const leaks = texts.flatMap(([where, text]) =>
      forms.filter(([, form]) => text.includes(form)).map(([name]) => `${where} (${name})`),
    );
    expectMet(leaks.length === 0, "a secret can be read", { expected: "*** in its place", observed: leaks.join("; ") });
    return {
      status: "pass",
      reason: `neither a secret printed in ${formsOf(canary).length} forms nor the password of a url is in any of ${texts.length} files and outputs`,
    };
  });
}

/** Everything by which a run can be looked at. */
function commands(id: string): readonly (readonly string[])[] {
  return [
    ["runs", "show", id],
    ["runs", "show", id, "-o", "json"],
    ["runs", "logs", id],
    ["runs", "logs", id, "-o", "ndjson"],
    ["runs", "list", "-o", "json"],
    ["plan", "spilling", "-o", "json"],
    ["repos", "list", "-o", "json"],
    ["repos", "check", "-o", "json"],
    ["repos", "check"],
    ["config", "show", "--origin"],
    ["config", "show", "-o", "json"],
  ];
}

async function findRun(act: Act, workspace: ScratchWorkspace): Promise<string> {
  const { items } = JSON.parse((await act.call(workspace, ["runs", "list", "-o", "json"])).stdout) as {
    readonly items: readonly { readonly id: string }[];
  };
  return items[0]?.id ?? "";
}

function bothOf({ stdout, stderr }: CliResult): string {
  return stdout + stderr;
}

/** Made here and not by the product, which must not decide what is looked for. */
function formsOf(secret: string): readonly (readonly [name: string, form: string])[] {
  return [
    ["plain", secret],
    ["base64", Buffer.from(secret).toString("base64").replaceAll("=", "")],
    ["base64url", Buffer.from(secret).toString("base64url")],
    ["URL", encodeURIComponent(secret)],
  ];
}

/** All files below a folder, whatever they are, as bytes. */
async function readAll(folder: string, base: string): Promise<(readonly [where: string, text: string])[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return await Promise.all(files.map(async (file) => [relative(base, file), await readFile(file, "latin1")] as const));
}

import { count } from "../../../lib/count.ts";
import { lstatSync, type Stats, statSync } from "node:fs";
import { relative, resolve } from "node:path";
import type { CheckContext } from "../../context.ts";
import type { CheckDefinition } from "../../definition.ts";
import { needsConfig } from "../needs-config.ts";
import { followReferences } from "./cfg008-references.ts";
import { listConfigFiles } from "./config-files.ts";

/** What is wrong with the rights of one file or folder, with the line that mends it. */
interface Defect {
  readonly text: string;
  readonly command: string;
}

/** Nobody but the owner can change the configuration or read a secret. */
export const cfg011: CheckDefinition = {
  id: "CFG011",
  title: "configuration and secrets are only the owner's",
  kind: "check",
  category: "configuration",
  severity: "error",
  security: true,
  verifies:
    "Files of the configuration can be changed by their owner alone, and files of secrets and the state folder be read by their owner alone. Whoever can change the configuration can run commands.",
  how: {
    static: "looks at owner and mode of each file",
    live: "tries to read each secret file as another user, where this process may become one",
  },
  advice: { text: "Take the rights of group and others away." },
  dependsOn: needsConfig,
  static: async (context) => {
    const files = await listConfigFiles(context);
    const secrets = await secretFiles(context);
    const { stateFolder } = (await context.config()).paths;
    const defects = [
      ...files.flatMap((path) => judgeFile(path, context, 0o022, "changed")),
      ...secrets.flatMap((path) => judgeFile(path, context, 0o077, "read")),
      ...judgeFile(stateFolder, context, 0o077, "read"),
    ];
    const [first] = defects;
    if (first === undefined) {
      return {
        status: "pass",
        reason: `${count(files.length + secrets.length, "file is", "files are")} only their owner's`,
      };
    }
    return {
      status: "fail",
      reason: defects.map(({ text }) => text).join("; "),
      evidence: defects.map(({ text }) => ({ kind: "file", text })),
      remediation: { command: first.command },
    };
  },
  live: async (context) => {
    const { readAsAnother } = await import("./read-as-another.ts");
    return await readAsAnother(await secretFiles(context), context.signal);
  },
};

/** Files that hold secrets: those that references name, and configuration files with a secret in plain text. */
async function secretFiles(context: CheckContext): Promise<readonly string[]> {
  const { plainTextSecrets } = await context.config();
  const named = (await followReferences(context)).flatMap(({ file }) => (file === null ? [] : [file]));
  // A secret of the command line or of a variable makes no file one that holds it.
  const holding = plainTextSecrets.flatMap(({ origin }) =>
    origin.layer === "file" || origin.layer === "local" ? [resolve(context.workspace, origin.file)] : [],
  );
  return [...new Set([...named, ...holding])];
}

function judgeFile(path: string, context: CheckContext, forbidden: number, verb: string): readonly Defect[] {
  const stats = statOf(path);
  if (stats === undefined) return [];
  const inside = relative(context.workspace, path);
  const shown = inside.startsWith("..") ? path : inside;
  const defects: Defect[] = [];
  const uid = process.getuid?.();
  // Files of root are as good as one's own: root can do everything anyway.
  if (uid !== undefined && stats.uid !== uid && stats.uid !== 0 && uid !== 0) {
    defects.push({ text: `${shown} belongs to user ${stats.uid}, not to ${uid}`, command: `chown ${uid} ${shown}` });
  }
  const wrong = stats.mode & forbidden;
  if (wrong !== 0) {
    const who = [(wrong & 0o070) === 0 ? "" : "its group", (wrong & 0o007) === 0 ? "" : "everybody"].filter(
      (word) => word !== "",
    );
    const mode = (stats.mode & 0o777).toString(8).padStart(4, "0");
    const rights = forbidden === 0o022 ? "go-w" : "go-rwx";
    defects.push({
      text: `${shown} (mode ${mode}) can be ${verb} by ${who.join(" and ")}`,
      command: `chmod ${rights} ${shown}`,
    });
  }
  return defects;
}

/** Undefined for what is not there; a link counts as what it leads to. */
function statOf(path: string): Stats | undefined {
  try {
    return lstatSync(path).isSymbolicLink() ? statSync(path) : lstatSync(path);
  } catch {
    return undefined;
  }
}

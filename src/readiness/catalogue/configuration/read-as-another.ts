import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Outcome } from "../../types.ts";

/** The user that owns nothing, on Linux and macOS alike. */
const nobody = 65_534;

/** Tries to read files as a user who has no right to. Only root can become one; for others the modes have to do. */
export async function readAsAnother(paths: readonly string[], signal: AbortSignal): Promise<Outcome> {
  if (paths.length === 0) return { status: "pass", reason: "no file holds a secret" };
  if (process.getuid?.() !== 0) {
    return {
      status: "pass",
      reason: `the modes of ${paths.length} secret files forbid it (it was not tried: only root can become another user)`,
    };
  }
  // Whoever cannot even read this proves nothing by not reading a secret.
  if (!(await canRead("/dev/null", signal))) {
    return { status: "inconclusive", reason: `a process of user ${nobody} could not be started to try it` };
  }
  const readable: string[] = [];
  for (const path of paths) if (await canRead(path, signal)) readable.push(path);
  if (readable.length === 0)
    return { status: "pass", reason: `user ${nobody} could not read any of ${paths.length} secret files` };
  return {
    status: "fail",
    reason: `user ${nobody} could read ${readable.join(", ")}`,
    remediation: { command: `chmod go-rwx ${readable.join(" ")}` },
  };
}

async function canRead(path: string, signal: AbortSignal): Promise<boolean> {
  const child = spawn("head", ["-c", "1", "--", path], { uid: nobody, gid: nobody, stdio: "ignore", cwd: "/", signal });
  const [code] = (await once(child, "close")) as [number | null];
  return code === 0;
}

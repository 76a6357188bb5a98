import { existsSync, readFileSync } from "node:fs";
import { release } from "node:os";
import { fail, type Finding, ok, type Probe, type Subject, warn } from "./finding.ts";

/** What the package asks for. */
const leastNode = 24;
/** Flags that slow a server down, or open a door into it. */
const oddFlags = /^--(?:inspect|prof|cpu-prof|heap-prof|jitless|trace|insecure|tls-min)/;

function lookAtNode({ env }: Subject): Finding {
  const figures = { version: process.version };
  const major = Number(process.versions.node.split(".")[0]);
  if (major < leastNode) {
    const remedy = { text: `Install Node ${leastNode} or later.`, command: `nvm install ${leastNode}` };
    return fail(`Node ${process.version}; at least ${leastNode} is needed`, remedy, figures);
  }
  const flags = [...process.execArgv, ...(env["NODE_OPTIONS"] ?? "").split(/\s+/)];
  const odd = flags.filter((flag) => oddFlags.test(flag)).map((flag) => flag.split("=")[0]);
  if (odd.length > 0) {
    const remedy = {
      text: "Take them out of NODE_OPTIONS, or out of what starts mahavishnu.",
      command: "unset NODE_OPTIONS",
    };
    return warn(`Node ${process.version} with ${odd.join(" ")}, which makes it slow or open`, remedy, figures);
  }
  return ok(`Node ${process.version}`, figures);
}

function lookAtKernel(): Finding {
  const kernel = `${process.platform} ${release()}`;
  if (process.platform !== "linux") {
    if (process.platform === "win32") {
      return fail(kernel, { text: "Windows is not supported: use WSL 2, with the workspace on its own disk." });
    }
    return warn(kernel, { text: "Only Linux is tested." });
  }
  const [major = 0, minor = 0] = release().split(".").map(Number);
  const hasProc = existsSync("/proc/self/stat") && existsSync("/proc/sys/kernel/random/boot_id");
  if (!hasProc) {
    const remedy = {
      text: "Mount /proc: without it nobody can tell whether the owner of a run lives.",
      command: "mount -t proc proc /proc",
    };
    return fail(`${kernel}, without /proc`, remedy);
  }
  const hasPidfd = major > 5 || (major === 5 && minor >= 3);
  const cgroup = existsSync("/sys/fs/cgroup/cgroup.controllers") ? "cgroup v2" : "cgroup v1 or none";
  const figures = { release: release(), pidfd: hasPidfd, cgroup };
  const microsoft = /microsoft/i.test(release()) ? ", WSL: keep the workspace off /mnt" : "";
  return ok(`${kernel}, ${hasPidfd ? "pidfd" : "no pidfd"}, ${cgroup}${microsoft}`, figures);
}

function lookAtTerminal({ env, terminal }: Subject): Finding {
  const { isTTY, colour, unicode, width } = terminal;
  const figures = { isTTY, colour, unicode, width: Number.isFinite(width) ? width : null };
  if (!isTTY) return ok("no terminal: plain lines, nothing is redrawn", figures);
  const term = env["TERM"] ?? "";
  if (term === "" || term === "dumb") {
    return warn(`TERM is "${term}": live views are not drawn well`, { command: "export TERM=xterm-256color" }, figures);
  }
  if (width < 60)
    return warn(`${width} columns: tables are cut`, { text: "Make the window 80 columns wide or more." }, figures);
  const plain = unicode ? "" : ", ASCII only";
  return ok(`${term}, ${width} columns, ${colour ? "colours" : "no colours"}${plain}`, figures);
}

function lookAtUser(): Finding {
  const uid = process.geteuid?.() ?? null;
  if (uid !== 0) return ok(`works as user ${uid}`, { uid });
  if (isContainer()) return ok("works as root, in a container", { uid });
  return warn(
    "works as root: every step does too",
    { text: "Work as a user of its own, such as mahavishnu." },
    { uid },
  );
}

function isContainer(): boolean {
  if (existsSync("/.dockerenv") || existsSync("/run/.containerenv")) return true;
  try {
    return /docker|kubepods|containerd|libpod/.test(readFileSync("/proc/1/cgroup", "utf8"));
  } catch {
    return false;
  }
}

/** Node, the kernel, the user and the terminal. */
export const machineProbes: readonly Probe[] = [
  { id: "node", look: lookAtNode },
  { id: "kernel", look: lookAtKernel },
  { id: "user", look: lookAtUser },
  { id: "terminal", look: lookAtTerminal },
];

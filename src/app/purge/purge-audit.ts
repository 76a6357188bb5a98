import { createHash } from "node:crypto";
import { mkdir, open, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Outputs } from "../../engine/contract.ts";
import { crashPoint } from "../../lib/crash-point.ts";
import { MahavishnuError } from "../../lib/errors.ts";
import type { StoredAuditEntry } from "../../store/audit-contract.ts";
import { renderAuditJson, viewAuditEntry } from "../audit-view.ts";
import { Pace } from "./pace.ts";
import { type PurgePart, toOutputs } from "./purge-parts.ts";

/** Entries that go in one transaction at most, and are in one file. */
const mostEntries = 1_000;

/**
 * Removes entries from the beginning of the audit trail, once they are in a file. The trail itself then says where it begins, so that what is
 * left can still be verified. A trail that is broken is left as it is: it is what somebody has to look at.
 *
 * @throws MahavishnuError STATE_DAMAGED
 */
export async function purgeAudit(part: PurgePart, { age }: { readonly age: number }): Promise<Outputs> {
  const { tools, context, actor, at } = part;
  const { store } = tools;
  const before = at - age;
  const pace = new Pace({ most: mostEntries, signal: context.signal });
  let entries = 0;
  let files = 0;
  if ((await store.listOldAudit(before, 1)).length > 0) {
    const { valid, firstProblem } = await store.verifyAudit({ signal: context.signal });
    if (!valid) {
      throw new MahavishnuError("STATE_DAMAGED", `the audit trail is not what was written: ${firstProblem?.message}`, {
        fix: "See `mahavishnu audit verify`; nothing of it is purged.",
      });
    }
  }
  for (;;) {
    const old = await store.listOldAudit(before, mostEntries);
    const [first, last] = [old[0], old.at(-1)];
    if (first === undefined || last === undefined) break;
    const file = `${digits(first.seq)}-${digits(last.seq)}.ndjson`;
    const sha256 = await writeWhole(join(tools.stateFolder, "audit", file), old);
    crashPoint("purge.auditExported");
    const drop = {
      from: await store.readAuditBase(),
      upTo: { seq: last.seq, hash: last.hash },
      file: `audit/${file}`,
      sha256,
      entry: { time: Date.now(), actor, reason: "retention.audit.age", requestId: context.runId, from: "engine" },
    };
    // Not true: another purge was quicker, and this one goes on with what there is now.
    if (!(await pace.part(async () => await store.dropAudit(drop)))) continue;
    crashPoint("purge.auditDropped");
    entries += old.length;
    files += 1;
    context.log(`entries ${first.seq} to ${last.seq} are in audit/${file} now`);
  }
  return toOutputs({ entries, files }, [pace]);
}

/** So that names are in the order of what is in the files. */
function digits(seq: number): string {
  return String(seq).padStart(9, "0");
}

/** The lines that `audit export` writes; on the disk before this resolves. Gives the file's SHA-256. */
async function writeWhole(path: string, entries: readonly StoredAuditEntry[]): Promise<string> {
  const text = entries.map((entry) => renderAuditJson(viewAuditEntry(entry))).join("");
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const handle = await open(`${path}.new`, "w", 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(`${path}.new`, path);
  const folder = await open(dirname(path));
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
  return createHash("sha256").update(text).digest("hex");
}

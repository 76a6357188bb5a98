import type { TokenItem } from "../../app/describe-token.ts";
import { createToken, listTokens, revokeToken, rotateKeys } from "../../app/use-cases/tokens.ts";
import { count } from "../../lib/count.ts";
import { type CommandIo, writeJson, writeLines, writeNdjson } from "../command-io.ts";
import { openDoor } from "../open-door.ts";
import { exitCodes } from "../exit-codes.ts";
import type { GlobalOptions } from "../global-options.ts";
import { type Line, renderLine, span } from "../terminal/line.ts";
import { renderTable } from "../terminal/table.ts";
import type { TokenCreateFlags, TokenListFlags, TokenRevokeOptions, TokenRotateFlags } from "../command-options.ts";

/** `mahavishnu token create`: the token alone on the standard output, so that a script can take it. */
export async function runTokenCreate(options: TokenCreateFlags & GlobalOptions, io: CommandIo): Promise<number> {
  await using door = await openDoor(options, io);
  const { subject = "", role, where, expires, name } = options;
  const created = await door.perform(createToken, {
    subject,
    ...(role === undefined ? {} : { role }),
    ...(where === undefined ? {} : { where }),
    ...(expires === undefined ? {} : { ttlMs: expires }),
    ...(name === undefined ? {} : { name }),
  });
  if (options.format === "json") {
    writeJson(io.stdout, created);
    return exitCodes.success;
  }
  writeLines(io.stdout, [created.token]);
  const { item } = created;
  writeLines(io.stderr, [
    renderLine([`token ${item.id} of ${item.subject}: ${tellRights(item)}, until ${item.expiresAt}`], io.stderr),
    "It is shown this once and kept nowhere.",
  ]);
  return exitCodes.success;
}

/** `mahavishnu token list`. */
export async function runTokenList(options: TokenListFlags & GlobalOptions, io: CommandIo): Promise<number> {
  await using door = await openDoor(options, io);
  const { subject, limit = 20, cursor } = options;
  const page = await door.perform(listTokens, {
    limit,
    ...(subject === undefined ? {} : { subject }),
    ...(cursor === undefined ? {} : { cursor }),
  });
  if (options.format === "json") writeJson(io.stdout, page);
  else if (options.format === "ndjson") writeNdjson(io.stdout, page.items);
  else {
    const columns = ["token", "subject", "name", "rights", "state", "expires", "last used"].map((heading, index) => ({
      heading,
      whole: index === 0,
    }));
    writeLines(io.stdout, renderTable({ columns, rows: page.items.map(toRow) }, io.stdout));
    if (page.nextCursor !== null) writeLines(io.stderr, [`more: --cursor ${page.nextCursor}`]);
  }
  return exitCodes.success;
}

function toRow(item: TokenItem): Line[] {
  const { id, subject, name, state, expiresAt, usedAt, usedFrom } = item;
  const used = usedAt === null ? "never" : `${usedAt}${usedFrom === null ? "" : ` from ${usedFrom}`}`;
  return [
    [id],
    [subject],
    [name ?? ""],
    [tellRights(item)],
    [span(state === "valid" ? "good" : "faint", state)],
    [expiresAt],
    [span("faint", used)],
  ];
}

function tellRights({ role, where }: TokenItem): string {
  if (role === null) return "as its subject";
  return where === null ? role : `${role} where ${where}`;
}

/** `mahavishnu token revoke`. */
export async function runTokenRevoke(options: TokenRevokeOptions, io: CommandIo): Promise<number> {
  await using door = await openDoor(options, io);
  const { id, subject = "" } = options;
  const done = await door.perform(revokeToken, id === undefined ? { subject } : { id });
  if (options.format === "json") writeJson(io.stdout, done);
  else if (done.revoked.length > 0) writeLines(io.stdout, done.revoked);
  const tokens = done.revoked.length === 0 ? [] : [`${count(done.revoked.length, "token", "tokens")} revoked`];
  const sessions = done.sessions === 0 ? [] : [`${count(done.sessions, "session", "sessions")} ended`];
  const told = [...tokens, ...sessions].join(", ") || "there was none to revoke";
  if (options.format !== "json") writeLines(io.stderr, [told]);
  return exitCodes.success;
}

/** `mahavishnu token rotate`. */
export async function runTokenRotate(options: TokenRotateFlags & GlobalOptions, io: CommandIo): Promise<number> {
  await using door = await openDoor(options, io);
  const rotated = await door.perform(rotateKeys, { retireNow: options.retireNow ?? false });
  if (options.format === "json") {
    writeJson(io.stdout, rotated);
    return exitCodes.success;
  }
  const rows = rotated.keys.map(({ kid, algorithm, createdAt, retiredAt, endedAt, neededUntil }): Line[] => {
    const kept = neededUntil === null ? "has signed nothing that counts" : `verifies until ${neededUntil}`;
    const state = endedAt !== null ? `ended ${endedAt}` : retiredAt === null ? "signs" : kept;
    return [[kid], [algorithm], [createdAt], [span(retiredAt === null ? "good" : "faint", state)]];
  });
  const columns = ["key", "algorithm", "made", "state"].map((heading) => ({ heading }));
  writeLines(io.stdout, renderTable({ columns, rows }, io.stdout));
  return exitCodes.success;
}

import {
  type AccessExplanation,
  type BindingItem,
  explainAccess,
  showAccess,
  whoAmI,
} from "../../app/use-cases/access.ts";
import { type CommandIo, writeJson, writeLines } from "../command-io.ts";
import { openDoor } from "../open-door.ts";
import { exitCodes } from "../exit-codes.ts";
import type { GlobalOptions } from "../global-options.ts";
import { type Line, renderLine, span } from "../terminal/line.ts";
import { renderTable } from "../terminal/table.ts";
import type { AccessCanOptions } from "../command-options.ts";

/** `mahavishnu access show`. */
export async function runAccessShow(options: GlobalOptions, io: CommandIo): Promise<number> {
  await using door = await openDoor(options, io);
  const view = await door.perform(showAccess, {});
  if (options.format === "json") {
    writeJson(io.stdout, view);
    return exitCodes.success;
  }
  const roles = view.roles.map(({ name, builtIn, permissions }): Line[] => [
    [name],
    [span("faint", builtIn ? "built in" : "configured")],
    [permissions.join(" ")],
  ]);
  const owner: Line[][] = view.localOwner === null ? [] : [[[view.localOwner], ["admin"], ["everything"], ["owner"]]];
  const bindings = view.bindings.map((binding): Line[] => [...bindingCells(binding), [span("faint", binding.from)]]);
  const heads = (...names: readonly string[]) => names.map((heading) => ({ heading }));
  writeLines(io.stdout, [
    ...renderTable({ columns: heads("role", "", "permissions"), rows: roles }, io.stdout),
    "",
    ...renderTable({ columns: heads("subject", "role", "where", "from"), rows: [...owner, ...bindings] }, io.stdout),
    ...(view.oidc === null ? [] : ["", renderLine([`OIDC issuer: ${view.oidc.issuer}`], io.stdout)]),
  ]);
  return exitCodes.success;
}

/** `mahavishnu access can SUBJECT ACTION [RESOURCE]`. */
export async function runAccessCan(options: AccessCanOptions, io: CommandIo): Promise<number> {
  await using door = await openDoor(options, io);
  const { subject, action, resource, group } = options;
  const answer = await door.perform(explainAccess, {
    subject,
    action,
    ...(resource === undefined ? {} : { resource }),
    ...(group === undefined ? {} : { groups: group }),
  });
  if (options.format === "json") writeJson(io.stdout, answer);
  else writeLines(io.stdout, tellAnswer(answer, io));
  return answer.allowed ? exitCodes.success : exitCodes.failure;
}

function tellAnswer({ allowed, reason, considered }: AccessExplanation, io: CommandIo): string[] {
  const verdict = allowed ? span("good", "allowed") : span("bad", "refused");
  const rows = considered.map((binding): Line[] => [
    ...bindingCells(binding),
    [span(binding.lacks === null ? "good" : "faint", binding.lacks ?? "allows it")],
  ]);
  const table = rows.length === 0 ? [] : renderTable({ columns: [{}, {}, {}, {}], rows, indent: 2 }, io.stdout);
  return [renderLine([verdict, `: ${reason}`], io.stdout), ...table];
}

/** `mahavishnu access whoami`. */
export async function runAccessWhoAmI(options: GlobalOptions, io: CommandIo): Promise<number> {
  await using door = await openDoor(options, io);
  const me = await door.perform(whoAmI, {});
  if (options.format === "json") {
    writeJson(io.stdout, me);
    return exitCodes.success;
  }
  const rows: Line[][] = [
    [["you are"], [`${me.subject}${me.isOwner ? ", who owns this workspace" : ""}`]],
    ...(me.groups.length === 0 ? [] : [[["in"], [me.groups.join(", ")]]]),
    ...(me.tokenId === null ? [] : [[["by token"], [me.tokenId]]]),
    [["may"], [me.permissions.join(" ")]],
    [["in part"], [me.scoped.join(" ")]],
  ];
  const shown = rows.filter((row) => row[1]?.[0] !== "");
  writeLines(io.stdout, renderTable({ columns: [{}, {}], rows: shown }, io.stdout));
  return exitCodes.success;
}

function bindingCells({ subject, role, where }: BindingItem): Line[] {
  return [[subject], [role], [where ?? "everything"]];
}

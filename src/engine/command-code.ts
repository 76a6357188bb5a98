/** A command: words that are started as they are, or a script with the shell that runs it. */
export type Command =
  | { readonly words: readonly string[] }
  | { readonly shell: readonly [file: string, ...args: string[]]; readonly script: string };

/** Names that a shell can set: it calls the others no variables, and some of them its own. */
const settable = /^(?!(?:UID|EUID|PPID|SHELLOPTS|OPTIND|OLDPWD|PWD|IFS|_)$|BASH)[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * Shell code that becomes a command: goes to its folder, adds to the environment, and is replaced by it. A command that does not
 * exist ends with 127.
 *
 * @param env added to what the shell has inherited
 * @throws Error when a part of it holds a null byte
 * @example
 * commandCode({ words: ["git", "status"] }, "/srv/a", { LANG: "C" }); // cd -- '/srv/a' || exit 126; unset OLDPWD; export LANG='C'; exec 'git' 'status'
 */
export function commandCode(command: Command, folder: string, env: Readonly<Record<string, string>>): string {
  const words = "words" in command ? command.words : [...command.shell, command.script];
  const entries = Object.entries(env);
  const exported = entries.filter(([name]) => settable.test(name)).map(([name, value]) => `${name}=${quote(value)}`);
  const handed = entries.filter(([name]) => !settable.test(name)).map(([name, value]) => quote(`${name}=${value}`));
  const code = [
    `cd -- ${quote(folder)} || exit 126`,
    "unset OLDPWD",
    ...(exported.length === 0 ? [] : [`export ${exported.join(" ")}`]),
    ["exec", ...(handed.length === 0 ? [] : ["/usr/bin/env", ...handed]), ...words.map(quote)].join(" "),
  ].join("; ");
  if (code.includes("\0")) throw new Error("a command, its folder and its environment cannot hold null bytes");
  return code;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

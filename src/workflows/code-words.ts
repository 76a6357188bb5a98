import { operand, type Rule, setting, valueIn, valueOf } from "./code-word-rules.ts";

/** A word that a program reads as code. */
export interface CodeWord {
  readonly index: number;
  /** The program, as the list names it. */
  readonly program: string;
  /** Whether a shell of this machine reads it, to which `"$NAME"` is a variable of the step. */
  readonly isShell: boolean;
}

/** Words after which a command may follow. */
const starters =
  /^(?:sudo|doas|env|nice|ionice|timeout|time|stdbuf|nohup|setsid|xargs|parallel|chroot|unshare|nsenter|docker|podman|nerdctl|kubectl|oc|find|fd|-?exec|-execdir|-ok|dlx|x|command|su|runuser|flock|strace|npx|pnpx|bunx|busybox|sshpass|tini|dumb-init|systemd-run|firejail|bwrap|xvfb-run|submodule)$/;

const sshValued = /^-[46AaCfGgKkMNnqsTtVvXxYy]*[BbcDEeFIiJLlmOoPpQRSWw]$/;
const sshSetting = setting({
  option: /^-o$/,
  attached: /^-o/,
  valued: sshValued,
  commands: /(?:command|provider)$|^(?:include|match|xauthlocation)$/i,
});

/** Keys of git's configuration whose value git starts, or where it finds more of such. */
const gitCommands =
  /^(?:alias|browser|credential|diff|difftool|filter|guitool|include|includeif|man|merge|mergetool|pager|protocol|url)\.|(?:askpass|cmd|command|editor|filter|fsmonitor|gitproxy|helper|hook|pager|path|program|receivepack|templatedir|update|uploadpack|vcs)$/i;

const shells: readonly (readonly [names: RegExp, ...Rule[]])[] = [
  [/^(?:sh|bash|dash|ash|ksh|mksh|zsh)$/, valueOf(/^-[A-Zabd-z]*c[A-Za-z]*$/)],
  [/^fish$/, valueOf(/^(?:-[A-Za-z]*[cC]|--command|--init-command)$/)],
  [/^(?:su|runuser)$/, valueOf(/^(?:-[A-Za-z]*c|--(?:session-)?command)$/)],
  [/^(?:sg|script|flock|nix-shell)$/, valueOf(/^(?:-[A-Za-z]*c|--command|--run)$/)],
  [/^(?:npm|npx|pnpm|pnpx)$/, valueOf(/^(?:-c|--call|--shell-mode)$/)],
  [/^(?:watch|concurrently|hyperfine)$/, operand({ isCode: () => true })],
  [
    /^git$/,
    setting({
      option: /^-c$/,
      valued: /^(?:-[Cc]|--(?:git-dir|work-tree|namespace|config-env))$/,
      commands: gitCommands,
    }),
    valueOf(/^--(?:upload-pack|receive-pack)$/),
  ],
  // Subcommands of git, as if they were programs.
  [
    /^clone$/,
    setting({
      option: /^(?:-c|--config)$/,
      valued: /^(?:-[bcjou]|--(?:branch|config|depth|origin))$/,
      commands: gitCommands,
    }),
  ],
  [/^(?:rebase|difftool)$/, valueOf(/^(?:-x|--exec|--extcmd)$/)],
  [/^filter-branch$/, valueOf(/^--[a-z-]+-filter$/)],
  [/^foreach$/, operand({ isCode: () => true })],
];

const others: typeof shells = [
  [/^env$/, valueOf(/^(?:-[v0iu]*S|--split-string)$/), valueIn(/^-[v0i]*S/)],
  [/^ssh$|^autossh$/, sshSetting, operand({ isCode: (place) => place > 0, valued: sshValued })],
  [/^(?:scp|sftp)$/, sshSetting],
  [/^rsync$/, valueOf(/^(?:-[A-Za-z]*e|--rsh|--rsync-path)$/)],
  [/^(?:vagrant|gcloud|flyctl|fly)$/, valueOf(/^(?:-[cC]|--command)$/)],
  [/^(?:node|nodejs|bun|deno|tsx|ts-node)$/, valueOf(/^(?:-e|-p|-pe|--eval|--print|--import|eval)$/)],
  [/^(?:python|pypy)[\d.]*$/, valueOf(/^-[A-Za-z]*c$/), valueIn(/^-[bBdEhiIOPqsSuvVx]*c/)],
  [/^(?:perl[\d.]*|raku)$/, valueOf(/^-[A-Za-z0-9.]*[eE]$/), valueIn(/^-(?:[acflnpstTuUwWX0]*[eE]|[Mm])/)],
  [/^ruby[\d.]*$/, valueOf(/^-[A-Za-z]*e$/), valueIn(/^-[aclnpsSuvw]*e/)],
  [/^php[\d.]*$/, valueOf(/^(?:-[BrRE]|--(?:run|process-(?:begin|code|end)))$/), valueIn(/^-[BrRE]/)],
  [
    /^(?:lua[\d.]*|luajit|R|Rscript|julia|groovy|osascript|elixir|scala|swift|racket|clojure|clj)$/,
    valueOf(/^(?:-[eE]|--eval|--print)$/),
    valueIn(/^-e/),
  ],
  [/^(?:expect|vi|vim|nvim|emacs|gdb)$/, valueOf(/^(?:-c|-ex|--cmd|--?eval|-eval-command)$/)],
  [/^(?:pwsh|powershell)$/i, valueOf(/^-(?:c|command|e|ec|encodedcommand)$/i)],
  [
    /^(?:awk|gawk|mawk|nawk|original-awk)$/,
    valueOf(/^(?:-e|--source)$/),
    valueIn(/^-e/),
    operand({
      isCode: (place) => place === 0,
      valued: /^(?:-[vFfeEil]|--(?:assign|field-separator|file|source|include|load|exec))$/,
      unless: /^-[feE]|^--(?:file|source|exec)/,
    }),
  ],
  [
    /^g?sed$/,
    valueOf(/^(?:-[nErsuz]*e|--expression)$/),
    valueIn(/^-[nErsuz]*e/),
    operand({
      isCode: (place) => place === 0,
      valued: /^(?:-[nErsuz]*[efl]|--(?:expression|file|line-length))$/,
      unless: /^-[nErsuz]*[ef]|^--(?:expression|file)/,
    }),
  ],
  // The languages of these clients reach the shell as well.
  [/^psql$/, valueOf(/^(?:-[A-Za-z]*c|--command)$/), valueIn(/^-c/)],
  [/^(?:mysql|mariadb)$/, valueOf(/^(?:-e|--execute)$/), valueIn(/^-e/)],
  [/^sqlite3?$/, valueOf(/^--?cmd$/), operand({ isCode: (place) => place > 0, valued: /^--?(?:cmd|init|separator)$/ })],
  [
    /^(?:tar|gtar|bsdtar)$/,
    valueOf(/^(?:-I|--(?:to-command|checkpoint-action|use-compress-program|info-script|rsh-command))$/),
  ],
];

const readers = [
  ...shells.map(([names, ...rules]) => ({ names, rules, isShell: true })),
  ...others.map(([names, ...rules]) => ({ names, rules, isShell: false })),
];

/**
 * The words that a program reads as code although the command itself is started without a shell: what follows `-c` of a shell,
 * what ssh hands to the shell of another machine, the program of awk, and the like. What a program does with its words
 * otherwise is its own.
 *
 * @example
 * findCodeWords(["ssh", "host", "uptime"]); // [{ index: 2, program: "ssh", isShell: false }]
 */
export function findCodeWords(words: readonly string[]): CodeWord[] {
  const found = new Map<number, CodeWord>();
  for (const [at, word] of words.entries()) {
    const program = word.slice(word.lastIndexOf("/") + 1);
    const begins =
      at === 0 || words.slice(0, at).some((before) => starters.test(before.slice(before.lastIndexOf("/") + 1)));
    for (const { rules, isShell } of readers.filter(({ names }) => names.test(program))) {
      const rest = words.slice(at + 1);
      for (const place of rules.flatMap((rule) => rule(rest, begins))) {
        const index = at + 1 + place;
        if (!found.has(index)) found.set(index, { index, program, isShell });
      }
    }
  }
  return [...found.values()].toSorted((a, b) => a.index - b.index);
}

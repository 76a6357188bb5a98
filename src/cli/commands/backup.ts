import { type Command, Option } from "commander";
import type { BackupCreateFlags, BackupRestoreFlags } from "../command-options.ts";
import { declareCommand, declareGroup, type Shell } from "../declare.ts";
import { parseNonEmpty } from "../option-parsers.ts";

/** Declares `backup create|list|verify|restore`. */
export function declareBackup(program: Command, shell: Shell): void {
  const head = { name: "backup", summary: "copy the state while it is at work, and bring it back" };
  declareGroup(program, shell, head, (group) => {
    declareCommand<BackupCreateFlags>(group, shell, {
      name: "create",
      remote: true,
      summary: "make a backup and verify it",
      options: () => [
        new Option("--to <FILE>", "write it here, not into backup.folder").argParser(parseNonEmpty),
        new Option("--unless-newer-than <TIME>", "make none when one began within this time: 24h").argParser(
          parseNonEmpty,
        ),
      ],
      examples: [
        ["mahavishnu backup create", "one file with the state and what runs have written"],
        ["mahavishnu backup create --unless-newer-than 24h", "for cron: at most one a day"],
      ],
      exitCodes: { 0: "it is there and was read again", 1: "it could not be made" },
      output: { formats: ["text", "json"], files: false },
      run: async ({ options, io }) => (await import("./backup-run.ts")).runBackupCreate(options, io),
    });
    declareCommand(group, shell, {
      name: "list",
      remote: true,
      summary: "list the backups that were made, the newest first",
      examples: [["mahavishnu backup list", "which are good, and why others are not"]],
      output: { formats: ["text", "json", "ndjson"], files: false },
      run: async ({ options, io }) => (await import("./backup-run.ts")).runBackupList(options, io),
    });
    declareCommand(group, shell, {
      name: "verify",
      remote: true,
      summary: "read a backup to its end and open the database in it",
      arguments: [["<BACKUP>", "`latest`, an id of the list, or a file"]],
      examples: [["mahavishnu backup verify latest", "says exactly what is damaged"]],
      exitCodes: { 0: "it is whole", 1: "it is not", 64: "wrong argument, no such backup, or no workspace" },
      output: { formats: ["text", "json"], files: false },
      run: async ({ args, options, io }) =>
        (await import("./backup-run.ts")).runBackupVerify({ ...options, backup: args[0] ?? "" }, io),
    });
    declareCommand<BackupRestoreFlags>(group, shell, {
      name: "restore",
      summary: "bring the state of a workspace back from a backup",
      arguments: [["<FILE>", "the file of a backup"]],
      options: () => [new Option("--force", "move the state that is there aside")],
      examples: [["mahavishnu backup restore backups/backup-….tar.zst", "then `mahavishnu runs resume` goes on"]],
      exitCodes: { 0: "the state is back", 1: "nothing was changed, and why" },
      notes:
        "All of it is checked beside the state folder before anything is put in its place.\n" +
        "The configuration as it was lies in .mahavishnu/restored-ID; nothing of it is in force.",
      output: { formats: ["text", "json"], files: false },
      run: async ({ args, options, io }) =>
        (await import("./backup-run.ts")).runBackupRestore({ ...options, file: args[0] ?? "" }, io),
    });
  });
}

import * as shapes from "../../app/shapes/backups.ts";
import { createBackup, listBackups, verifyBackup } from "../../app/use-cases/backups.ts";
import { type Operation, operation } from "./operation.ts";

const tag = "backups";

/** Copies of the state. That one is brought back is for the machine itself. */
export const backupOperations: readonly Operation[] = [
  operation(tag, {
    useCase: listBackups,
    method: "GET",
    path: "/v1/backups",
    summary: "Lists backups, the newest first",
    input: shapes.listBackupsInput,
    output: shapes.backupList,
  }),
  operation(tag, {
    useCase: createBackup,
    method: "POST",
    path: "/v1/backups",
    summary: "Makes a backup into the folder of the configuration, and verifies it",
    input: shapes.createBackupInput,
    output: shapes.createdBackup,
  }),
  operation(tag, {
    useCase: verifyBackup,
    method: "POST",
    path: "/v1/backups/{backup}/verify",
    summary: "Reads a backup to its end and opens the database in it",
    input: shapes.verifyBackupInput,
    output: shapes.backupSummary,
  }),
];

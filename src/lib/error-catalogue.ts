/** How one kind of failure is told: what happened in general, what to do, and the exit code of the process. */
export interface ErrorDefinition {
  /** One sentence, without the particulars of a case. */
  readonly summary: string;
  /** What a person does about it. */
  readonly fix: string;
  /** 1 failure or a bad user file, 64 usage, 70 internal; see "Exit codes" in docs/reference/errors.md. */
  readonly exitCode: 1 | 2 | 64 | 70;
}

/**
 * Every error code of the product. A code is never reused and never changes its meaning;
 * docs/reference/errors.md is generated from this table.
 */
export const errorCatalogue = {
  INTERNAL: {
    summary: "The tool itself failed.",
    fix: "Run again with -v for the stack, and report it with that output.",
    exitCode: 70,
  },
  USAGE: {
    summary: "A flag, an argument or a combination of them is not valid.",
    fix: "See the command's --help.",
    exitCode: 64,
  },
  NOT_BUILT: {
    summary: "This is planned and not built yet. It is refused rather than ignored.",
    fix: "Leave it out; the changelog says when it arrives.",
    exitCode: 64,
  },
  ACCESS_DENIED: {
    summary: "The subject has no permission for this.",
    fix: "Ask an administrator for a role that has the named permission, bound under access.bindings.",
    exitCode: 1,
  },
  UNAUTHENTICATED: {
    summary: "There is no token, or it does not count. Why not is told to nobody but the audit trail.",
    fix: "Give a token that is valid now: `mahavishnu token create`, or sign in again.",
    exitCode: 1,
  },
  AUTH_SECRET: {
    summary: "Tokens and signing keys rest on auth.secret, which is missing or too short.",
    fix: "Set auth.secret to a reference to at least 32 random characters, such as the output of `openssl rand -base64 48`.",
    exitCode: 1,
  },
  TOKEN_NOT_FOUND: {
    summary: "There is no token with this id.",
    fix: "See `mahavishnu token list`.",
    exitCode: 64,
  },
  WORKSPACE_NOT_FOUND: {
    summary: "There is no mahavishnu.yaml in this folder or above it.",
    fix: "Change into a workspace, name one with -C DIR, or make one with `mahavishnu init`.",
    exitCode: 64,
  },
  WORKSPACE_EXISTS: {
    summary: "There is a workspace in this folder already, or a file that a new one would need.",
    fix: "Use what is there, or name another folder: mahavishnu init DIR.",
    exitCode: 1,
  },
  WORKSPACE_UNWRITABLE: {
    summary: "The folder of the workspace cannot be written.",
    fix: "Give the current user the right to write there, free some space, or name another folder.",
    exitCode: 1,
  },
  DEMO_FOREIGN_FOLDER: {
    summary: "The folder for the demo holds something else, which is left as it is.",
    fix: "Name another folder: mahavishnu init --demo DIR.",
    exitCode: 1,
  },
  DEMO_DAMAGED: {
    summary: "A folder of the demo's fleet is there and is no git repository.",
    fix: "Move it away, or make the demo anew: mahavishnu init --demo --fresh DIR.",
    exitCode: 1,
  },
  USER_FILE_INVALID: {
    summary: "A file of the workspace is not valid.",
    fix: "Mend the named places; each names the line and what is expected.",
    exitCode: 1,
  },
  CONFIG_INVALID: {
    summary: "The configuration is not valid: a file, or a MAHAVISHNU_ variable of the environment.",
    fix: "Mend the named places; `mahavishnu config schema` and docs/reference/configuration.md list every key.",
    exitCode: 1,
  },
  CONFIG_UNREADABLE: {
    summary: "A configuration file exists and cannot be read.",
    fix: "Check its owner and mode, and that it is a text file.",
    exitCode: 1,
  },
  SECRET_UNRESOLVED: {
    summary: "A secret reference of the configuration leads to nothing.",
    fix: "Set the named variable, or write the named file, with the secret as its only content.",
    exitCode: 1,
  },
  STATE_DAMAGED: {
    summary: "The state database is damaged. It is left where it is.",
    fix: "Stop every mahavishnu process and move the state folder (.mahavishnu) aside; then restore a backup of it, or begin with an empty history.",
    exitCode: 1,
  },
  STATE_NEWER: {
    summary: "The state database was written by a newer version.",
    fix: "Use that version or a newer one; an older one never opens it.",
    exitCode: 1,
  },
  STATE_IN_USE: {
    summary: "The state database has to be brought forward, and a process of an older version is at work with it.",
    fix: "Stop that process (it lets its runs go), then try again; `mahavishnu upgrade --dry-run` shows what will be done.",
    exitCode: 1,
  },
  BACKUP_DAMAGED: {
    summary: "A backup is not what was written, or cannot be read with this key.",
    fix: "Take another backup: `mahavishnu backup list` shows them; see that backup.key is the one that it was made with.",
    exitCode: 1,
  },
  BACKUP_KEY: {
    summary: "A backup is encrypted and there is no key, or the key is too short.",
    fix: "Set backup.key to a reference that leads to at least 32 characters: the ones that the backup was made with.",
    exitCode: 1,
  },
  BACKUP_FAILED: {
    summary: "A backup could not be made.",
    fix: "See that backup.folder can be written and has room for a copy of the state.",
    exitCode: 1,
  },
  BACKUP_NOT_FOUND: {
    summary: "There is no such backup.",
    fix: "See `mahavishnu backup list`.",
    exitCode: 64,
  },
  RESTORE_REFUSED: {
    summary: "A backup cannot be restored here as things are.",
    fix: "Stop every mahavishnu process of the workspace; --force moves the state that is there aside.",
    exitCode: 1,
  },
  STATE_FOREIGN: {
    summary: "The file named by state.url belongs to another program.",
    fix: "Name another file in state.url.",
    exitCode: 1,
  },
  STATE_UNREADABLE: {
    summary: "The state database cannot be opened or written.",
    fix: "Check what stands at this path, its owner and mode, free space, and that the file system is not read-only.",
    exitCode: 1,
  },
  STATE_BUSY: {
    summary: "Another process has held the state database for too long.",
    fix: "See which mahavishnu process hangs, end it and run again.",
    exitCode: 1,
  },
  RUN_OWNER_STALE: {
    summary: "Another process has taken over this run.",
    fix: "Follow it with `mahavishnu runs watch ID`.",
    exitCode: 1,
  },
  PLAN_EMPTY: {
    summary: "A sweep selects no repository, so there would be nothing to do.",
    fix: "Widen the selector, or write `allowEmpty: true` in the sweep when nothing to do is fine.",
    exitCode: 1,
  },
  REPOSITORY_MISSING: {
    summary: "A repository of the plan is not there, or has nothing to start from.",
    fix: "Run `mahavishnu repos check`; clone it, mend its path in repos.yaml, or take it out of the selection.",
    exitCode: 1,
  },
  RUN_OWNED: {
    summary: "Another living process owns this run.",
    fix: "Follow it with `mahavishnu runs watch ID`, or cancel it with `mahavishnu runs cancel ID`.",
    exitCode: 1,
  },
  RUN_LEFTOVERS: {
    summary: "Processes that a dead owner of the run left behind cannot be ended, so the run cannot go on beside them.",
    fix: "End the named processes, then run `mahavishnu runs resume ID` again.",
    exitCode: 1,
  },
  WORKTREE_LOST: {
    summary: "The worktree in which earlier steps of this run worked is gone.",
    fix: "Begin the repository anew: mahavishnu runs retry ID --repo NAME --from FIRST_STEP.",
    exitCode: 1,
  },
  NOT_FOUND: {
    summary: "The server has nothing at this address.",
    fix: "See /openapi.json for what there is.",
    exitCode: 1,
  },
  METHOD_NOT_ALLOWED: {
    summary: "The server has something at this address, and not with this method.",
    fix: "See /openapi.json for what there is.",
    exitCode: 1,
  },
  PRECONDITION_FAILED: {
    summary: "What was to be changed is not what the caller has seen.",
    fix: "Read it again, and decide again.",
    exitCode: 1,
  },
  BODY_TOO_LARGE: {
    summary: "The body of a request is larger than the server takes.",
    fix: "Send less, or raise server.maxBody.",
    exitCode: 1,
  },
  BODY_TYPE: {
    summary: "The body of a request is of a type that the server does not read.",
    fix: "Send JSON, with the header content-type: application/json.",
    exitCode: 1,
  },
  RATE_LIMITED: {
    summary: "One caller has asked too often.",
    fix: "Wait as long as Retry-After says.",
    exitCode: 1,
  },
  REQUEST_MISDIRECTED: {
    summary: "A request names a host that the server does not answer for.",
    fix: "Ask it by its own name, or set server.publicUrl.",
    exitCode: 1,
  },
  SERVER_STOPPING: {
    summary: "The server is being stopped and begins nothing new.",
    fix: "Ask again; another server of the workspace, or this one once it is back, answers.",
    exitCode: 1,
  },
  SERVER_REFUSED: {
    summary: "The server cannot be started this way.",
    fix: "Mend the named setting under `server:`.",
    exitCode: 1,
  },
  SERVER_UNREACHABLE: {
    summary: "The server that --url or MAHAVISHNU_URL names cannot be reached.",
    fix: "Check the address, and that the server runs: its /livez answers without a token.",
    exitCode: 1,
  },
  SERVER_ANSWER: {
    summary: "The server gave an answer that this version does not understand.",
    fix: "Check that the address is that of a mahavishnu server, and that both have the same version.",
    exitCode: 1,
  },
  RUN_NOT_FOUND: {
    summary: "There is no run with this id, or the short form fits more than one.",
    fix: "See `mahavishnu runs list`.",
    exitCode: 64,
  },
  KEY_TAKEN: {
    summary: "The idempotency key belongs to a run of something else, so nothing was started.",
    fix: "Look at that run with `mahavishnu runs show ID`; give each thing that is to be done once a key of its own.",
    exitCode: 64,
  },
  RUN_STATE: {
    summary: "The run is not in a state in which this can be done.",
    fix: "See its state with `mahavishnu runs show ID`.",
    exitCode: 1,
  },
  STEP_FOLDER: {
    summary: "A step would work outside its checkout.",
    fix: "Name a folder inside the checkout in workingDirectory.",
    exitCode: 1,
  },
  SECRET_MISSING: {
    summary: "A step names a secret that the configuration does not have.",
    fix: "Add it under secrets: in mahavishnu.yaml, as ${env:NAME} or ${file:PATH}.",
    exitCode: 1,
  },
  RUN_SEQUENCE: {
    summary: "The history of a run is not what its owner expects.",
    fix: "Report it: a run has one writer, and this must not happen.",
    exitCode: 70,
  },
  EXPRESSION_FAILED: {
    summary: "An expression of a workflow could not be evaluated.",
    fix: "Mend the named expression, or the value that it was given.",
    exitCode: 1,
  },
  INPUT_INVALID: {
    summary: "An input of a workflow is unknown, missing or has a wrong value.",
    fix: "See the workflow's inputs with `mahavishnu workflows show NAME`.",
    exitCode: 64,
  },
  WORKFLOW_NOT_FOUND: {
    summary: "The workspace has no workflow of this name.",
    fix: "See what there is with `mahavishnu workflows list`.",
    exitCode: 64,
  },
  WORKFLOWS_UNREADABLE: {
    summary: "The folder of workflows, or a file in it, cannot be read.",
    fix: "Check `workflows` in mahavishnu.yaml, and the owner and mode of what it names.",
    exitCode: 1,
  },
  GIT_MISSING: {
    summary: "The command git cannot be started.",
    fix: "Install git 2.30 or newer, and put its folder on PATH.",
    exitCode: 1,
  },
  GIT_FAILED: {
    summary: "A git command failed, took too long or gave more than it may.",
    fix: "Run the named command in the named folder and follow what git says.",
    exitCode: 1,
  },
  REPOSITORY_OUTSIDE_ROOTS: {
    summary: "The path of a repository leaves the allowed folders, by itself or by a symbolic link.",
    fix: "Move the repository below the fleet's root, change `root` of the manifest, or leave it out with `-s '!name:NAME'`.",
    exitCode: 1,
  },
  SELECTION_UNDECIDED: {
    summary: "A selector asks for facts that cannot be read from some repositories.",
    fix: "Mend the named repositories (`mahavishnu repos check`) or leave them out with `!name:NAME`.",
    exitCode: 1,
  },
  WEBHOOK_SECRET: {
    summary: "The secret of a webhook is too short, or is not what it says it is.",
    fix: "Give it at least 24 random bytes, such as whsec_ and the output of `openssl rand -base64 32`; both sides need the same.",
    exitCode: 1,
  },
  WEBHOOK_NOT_FOUND: {
    summary: "The configuration has no such webhook, or no delivery has this id.",
    fix: "See `mahavishnu webhooks list` and `mahavishnu webhooks deliveries`.",
    exitCode: 64,
  },
  ALERT_NOT_FOUND: {
    summary: "The configuration has no such rule or channel, or no silence of this id goes on.",
    fix: "See `mahavishnu alerts list` and `mahavishnu alerts silences`; channels stand under `telemetry.channels`.",
    exitCode: 64,
  },
  TEMPORARY_FOLDER: {
    summary: "The folder for temporary files is missing, full, or may not be written to.",
    fix: "Set TMPDIR to a folder that is there, that you may write to, and that has room.",
    exitCode: 1,
  },
  SUITE_BUSY: {
    summary: "Another readiness suite runs on this workspace.",
    fix: "Wait for it, or leave --no-wait out: then this one waits for it.",
    exitCode: 1,
  },
  CHECK_NOT_FOUND: {
    summary: "There is no check, test or benchmark with this id.",
    fix: "See `mahavishnu production run-all-tests --list`.",
    exitCode: 64,
  },
  SUITE_NOT_FOUND: {
    summary: "There is no readiness suite with this id.",
    fix: "See the list of suites; the last twenty are kept.",
    exitCode: 64,
  },
  SUITE_STATE: {
    summary: "A readiness suite cannot be cancelled as it stands.",
    fix: "Look at the suite; one that is over needs no end.",
    exitCode: 1,
  },
  SUITE_LOCK: {
    summary: "The file that keeps readiness suites on one workspace apart cannot be used.",
    fix: "Remove the named file, or mend its owner and mode; a suite makes it anew.",
    exitCode: 1,
  },
  REPORT_UNWRITABLE: {
    summary: "A report that was asked for could not be written.",
    fix: "Name a file in a folder that exists and can be written to.",
    exitCode: 70,
  },
} as const satisfies Record<string, ErrorDefinition>;

/** The code of one kind of failure. */
export type ErrorCode = keyof typeof errorCatalogue;

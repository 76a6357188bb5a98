import type { DatabaseSync } from "node:sqlite";
import { chainOldEntries } from "./audit-chain.ts";

/** SQL, or what no SQL can do, in the transaction that brings the schema forward. */
export type Migration = string | ((db: DatabaseSync) => void);

/** Forward-only steps of the schema; the index plus one is the schema's version. A landed step is never changed. */
export const migrations: readonly Migration[] = [
  `
  CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE owner(
    id TEXT PRIMARY KEY, pid INTEGER NOT NULL, start_time TEXT NOT NULL, boot_id TEXT NOT NULL,
    lease_until INTEGER NOT NULL, step_slots INTEGER NOT NULL DEFAULT 0, step_slots_wanted INTEGER NOT NULL DEFAULT 0
  ) WITHOUT ROWID;
  CREATE TABLE run(
    position INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, workflow TEXT NOT NULL, revision TEXT NOT NULL,
    idempotency_key TEXT, actor TEXT NOT NULL, created_at INTEGER NOT NULL,
    state TEXT NOT NULL, reason TEXT NOT NULL, started_at INTEGER, ended_at INTEGER,
    total INTEGER NOT NULL, queued INTEGER NOT NULL, running INTEGER NOT NULL, succeeded INTEGER NOT NULL,
    failed INTEGER NOT NULL, cancelled INTEGER NOT NULL, skipped INTEGER NOT NULL,
    owner_id TEXT, fence INTEGER NOT NULL, run_seq INTEGER NOT NULL, tail INTEGER NOT NULL
  );
  -- With ended_at in it, so that its questions are answered without a look at the rows.
  CREATE INDEX run_active ON run(state, position, ended_at) WHERE ended_at IS NULL;
  CREATE UNIQUE INDEX run_of_key ON run(idempotency_key) WHERE idempotency_key IS NOT NULL;
  -- A run's events are a chain: run.tail is the seq of its last one, event.before that of the one before. An index on the run would
  -- cost as much as the row itself, since the runs that go on at once touch as many of its pages.
  CREATE TABLE event(
    seq INTEGER PRIMARY KEY, run INTEGER NOT NULL, run_seq INTEGER NOT NULL, before INTEGER NOT NULL, type TEXT NOT NULL,
    v INTEGER NOT NULL, time INTEGER NOT NULL, actor TEXT NOT NULL, reason TEXT NOT NULL, data TEXT NOT NULL
  );
  CREATE TABLE request(
    id INTEGER PRIMARY KEY AUTOINCREMENT, run INTEGER NOT NULL, kind TEXT NOT NULL, actor TEXT NOT NULL, reason TEXT NOT NULL,
    time INTEGER NOT NULL, at_once INTEGER NOT NULL
  );
  CREATE INDEX request_of_run ON request(run);
  CREATE TABLE repository_result(
    repository TEXT PRIMARY KEY, run_id TEXT NOT NULL, job TEXT NOT NULL, state TEXT NOT NULL, ended_at INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE audit(
    seq INTEGER PRIMARY KEY AUTOINCREMENT, time INTEGER NOT NULL, actor TEXT NOT NULL, action TEXT NOT NULL, resource TEXT NOT NULL,
    decision TEXT NOT NULL, reason TEXT NOT NULL, request_id TEXT NOT NULL
  );
  CREATE TRIGGER audit_keeps_rows BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
  CREATE TRIGGER audit_keeps_text BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
  CREATE TRIGGER audit_keeps_places BEFORE INSERT ON audit WHEN EXISTS(SELECT 1 FROM audit WHERE seq = NEW.seq)
    BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
  -- A seq is never used twice: the next one follows the greatest there is.
  CREATE TRIGGER event_keeps_newest BEFORE DELETE ON event WHEN OLD.seq = (SELECT max(seq) FROM event)
    BEGIN SELECT RAISE(ABORT, 'the newest event is kept'); END;
  CREATE TRIGGER event_keeps_text BEFORE UPDATE ON event BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
  `,
  `
  ALTER TABLE owner ADD COLUMN kind TEXT NOT NULL DEFAULT 'command';
  ALTER TABLE run ADD COLUMN detached INTEGER NOT NULL DEFAULT 0;
  -- However many runs wait for a server, the questions about those that somebody owns stay quick, and the other way round.
  DROP INDEX run_active;
  CREATE INDEX run_owned ON run(state, position, owner_id, ended_at) WHERE ended_at IS NULL AND owner_id IS NOT NULL;
  CREATE INDEX run_unowned ON run(state, position, owner_id, ended_at) WHERE ended_at IS NULL AND owner_id IS NULL;
  `,
  (db) => {
    db.exec(`
      ALTER TABLE audit ADD COLUMN origin TEXT NOT NULL DEFAULT 'cli';
      ALTER TABLE audit ADD COLUMN before TEXT;
      ALTER TABLE audit ADD COLUMN after TEXT;
      ALTER TABLE audit ADD COLUMN hash TEXT NOT NULL DEFAULT '';
      DROP TRIGGER audit_keeps_text`);
    chainOldEntries(db);
    db.exec(`
      CREATE TRIGGER audit_keeps_text BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
      -- In the same statement as the entry: the head costs no call of its own.
      CREATE TRIGGER audit_moves_head AFTER INSERT ON audit
        BEGIN UPDATE meta SET value = NEW.seq || ':' || NEW.hash WHERE key = 'auditHead'; END`);
  },
  `
  CREATE TABLE signing_key(
    position INTEGER PRIMARY KEY AUTOINCREMENT, kid TEXT NOT NULL UNIQUE, algorithm TEXT NOT NULL, public_jwk TEXT,
    sealed TEXT NOT NULL, created_at INTEGER NOT NULL, retired_at INTEGER, ended_at INTEGER
  );
  CREATE TRIGGER signing_key_is_fixed BEFORE UPDATE OF kid, algorithm, public_jwk, sealed, created_at ON signing_key
    BEGIN SELECT RAISE(ABORT, 'a signing key is never changed'); END;
  CREATE TRIGGER signing_key_stays_ended BEFORE UPDATE OF ended_at ON signing_key WHEN OLD.ended_at IS NOT NULL
    BEGIN SELECT RAISE(ABORT, 'a signing key that was ended stays so'); END;
  CREATE TABLE token(
    position INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, subject TEXT NOT NULL, name TEXT, role TEXT, scope TEXT,
    kid TEXT NOT NULL REFERENCES signing_key(kid), hash TEXT NOT NULL, created_by TEXT NOT NULL, created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL, revoked_at INTEGER, revoked_by TEXT, used_at INTEGER, used_from TEXT
  );
  CREATE INDEX token_of_subject ON token(subject, position);
  CREATE INDEX token_of_key ON token(kid, expires_at) WHERE revoked_at IS NULL;
  CREATE TRIGGER token_is_fixed BEFORE UPDATE OF id, subject, name, role, scope, kid, hash, created_by, created_at, expires_at ON token
    BEGIN SELECT RAISE(ABORT, 'what a token may do is never changed'); END;
  CREATE TRIGGER token_stays_revoked BEFORE UPDATE OF revoked_at ON token WHEN OLD.revoked_at IS NOT NULL
    BEGIN SELECT RAISE(ABORT, 'a revoked token stays so'); END;
  `,
  `
  -- Who was told of what up to which event, in the order of the journal: a hook that is new begins at its end.
  CREATE TABLE webhook_cursor(hook TEXT PRIMARY KEY, seq INTEGER NOT NULL) WITHOUT ROWID;
  -- Of a pending one that a server has, due_at is when it counts as abandoned.
  CREATE TABLE webhook_delivery(
    position INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, hook TEXT NOT NULL, type TEXT NOT NULL, run_id TEXT,
    body TEXT NOT NULL, created_at INTEGER NOT NULL, state TEXT NOT NULL, attempts INTEGER NOT NULL, due_at INTEGER NOT NULL,
    claim TEXT, status INTEGER, error TEXT, attempted_at INTEGER, ended_at INTEGER
  );
  CREATE INDEX webhook_delivery_due ON webhook_delivery(hook, due_at) WHERE state = 'pending';
  CREATE INDEX webhook_delivery_ended ON webhook_delivery(ended_at) WHERE ended_at IS NOT NULL;
  CREATE TABLE webhook_receipt(
    hook TEXT NOT NULL, id TEXT NOT NULL, sent_at INTEGER, kept_until INTEGER NOT NULL, PRIMARY KEY(hook, id)
  ) WITHOUT ROWID;
  CREATE INDEX webhook_receipt_kept ON webhook_receipt(kept_until);
  `,
  `
  CREATE TABLE session(
    position INTEGER PRIMARY KEY AUTOINCREMENT, mark TEXT NOT NULL UNIQUE, login TEXT NOT NULL UNIQUE, subject TEXT NOT NULL,
    groups TEXT NOT NULL, issuer TEXT NOT NULL, created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, created_from TEXT NOT NULL,
    seal TEXT NOT NULL, ended_at INTEGER, used_at INTEGER
  );
  CREATE INDEX session_open ON session(subject, position) WHERE ended_at IS NULL;
  CREATE TRIGGER session_is_fixed
    BEFORE UPDATE OF mark, login, subject, groups, issuer, created_at, expires_at, created_from, seal ON session
    BEGIN SELECT RAISE(ABORT, 'whose a session is is never changed'); END;
  CREATE TRIGGER session_stays_ended BEFORE UPDATE OF ended_at ON session WHEN OLD.ended_at IS NOT NULL
    BEGIN SELECT RAISE(ABORT, 'a session that was ended stays so'); END;
  `,
  `
  -- What a run is about, as JSON lists of names. Not columns of run: a run's row is written anew with each of its steps, and a list of
  -- ten thousand names would be, too.
  CREATE TABLE run_extent(run INTEGER PRIMARY KEY, repositories TEXT NOT NULL, jobs TEXT NOT NULL);
  INSERT INTO run_extent(run, repositories, jobs)
    SELECT run,
      (SELECT json_group_array(key) FROM json_each(data, '$.plan.repositories')),
      (SELECT json_group_array(json_extract(value, '$.id')) FROM json_each(data, '$.plan.workflow.jobs'))
    FROM event WHERE run_seq = 1 AND type = 'run.created' AND json_valid(data);
  `,
  `
  -- What is made of the journal up to a seq, such as counts: kept, so that whoever goes on with it neither loses nor doubles anything.
  CREATE TABLE projection(name TEXT PRIMARY KEY, seq INTEGER NOT NULL, body TEXT NOT NULL) WITHOUT ROWID;
  `,
  `
  -- Runs that are purged: their rows are gone, and so much of them may still be there; a run's events go from its tail on.
  CREATE TABLE purged(position INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, tail INTEGER NOT NULL);
  -- Entries of the trail may go from its beginning, once the trail itself says that it begins later.
  DROP TRIGGER audit_keeps_rows;
  CREATE TRIGGER audit_keeps_rows BEFORE DELETE ON audit
    WHEN OLD.seq > coalesce((SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'auditBase'), 0)
    BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
  `,
  `
  -- Who has judged how far: whoever writes moves the version, so that of several servers one is the first.
  CREATE TABLE alert_book(id INTEGER PRIMARY KEY CHECK(id = 1), version INTEGER NOT NULL, seq INTEGER NOT NULL);
  CREATE TABLE alert(fingerprint TEXT PRIMARY KEY, rule TEXT NOT NULL, ended_at INTEGER, body TEXT NOT NULL) WITHOUT ROWID;
  CREATE INDEX alert_ended ON alert(ended_at) WHERE ended_at IS NOT NULL;
  CREATE TABLE alert_rule(rule TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE alert_silence(
    position INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, rule TEXT NOT NULL, labels TEXT NOT NULL, reason TEXT NOT NULL,
    created_at INTEGER NOT NULL, created_by TEXT NOT NULL, until INTEGER NOT NULL
  );
  CREATE INDEX alert_silence_until ON alert_silence(until);
  -- How many runs have ended how, of late.
  CREATE INDEX run_ended ON run(ended_at, state, workflow, created_at) WHERE ended_at IS NOT NULL;
  -- How the last delivery to a webhook has ended.
  CREATE INDEX webhook_delivery_last ON webhook_delivery(hook, ended_at) WHERE ended_at IS NOT NULL;
  `,
  `
  -- Of one that is being made, the process: whether it lives tells whether it is.
  CREATE TABLE backup(
    position INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, file TEXT NOT NULL, created_at INTEGER NOT NULL, ended_at INTEGER,
    state TEXT NOT NULL, bytes INTEGER, error TEXT, scheduled INTEGER NOT NULL, pid INTEGER NOT NULL, start_time TEXT NOT NULL,
    boot_id TEXT NOT NULL
  );
  CREATE INDEX backup_created ON backup(created_at);
  `,
];

/** Marks the file as one of ours ("MHVS"), so that another program's database is never touched. */
export const applicationId = 0x4d485653;

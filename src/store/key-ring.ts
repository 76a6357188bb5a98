import type { SigningKeyRow, SigningKeyStore } from "./identity-contract.ts";
import type { StoreParts } from "./store-parts.ts";
import type { IdentityChanges } from "./token-register.ts";

/** Where signing keys are kept. The private halves are sealed before they come here. */
export function createKeyRingStore({ db, commits, read }: StoreParts, changes: IdentityChanges): SigningKeyStore {
  const columns = `
    SELECT signing_key.kid, algorithm, public_jwk AS publicJwk, sealed, signing_key.created_at AS createdAt,
      retired_at AS retiredAt, ended_at AS endedAt,
      (SELECT max(expires_at) FROM token WHERE token.kid = signing_key.kid AND revoked_at IS NULL) AS neededUntil
    FROM signing_key`;
  const all = db.prepare(`${columns} ORDER BY position DESC`);
  const one = db.prepare(`${columns} WHERE kid = ?`);
  const newest = db.prepare("SELECT kid FROM signing_key ORDER BY position DESC LIMIT 1");
  const insert = db.prepare(
    "INSERT INTO signing_key(kid, algorithm, public_jwk, sealed, created_at) VALUES(?, ?, ?, ?, ?)",
  );
  const retire = db.prepare("UPDATE signing_key SET retired_at = ? WHERE retired_at IS NULL AND kid <> ?");
  const end = db.prepare("UPDATE signing_key SET ended_at = ? WHERE ended_at IS NULL AND kid <> ?");

  return {
    listSigningKeys: () => read(() => all.all().map(toRow)),

    getSigningKey: (kid) =>
      read(() => {
        const row = one.get(kid);
        return row === undefined ? null : toRow(row);
      }),

    addSigningKey: ({ kid, algorithm, publicJwk, sealed, createdAt }, { after, endOthers }) =>
      commits.run(() => {
        const found = newest.get() as { kid: string } | undefined;
        if ((found?.kid ?? null) !== after) return false;
        changes.count += 1;
        insert.run(kid, algorithm, publicJwk, sealed, createdAt);
        retire.run(createdAt, kid);
        if (endOthers) end.run(createdAt, kid);
        return true;
      }),
  };
}

function toRow(row: object): SigningKeyRow {
  return { ...row } as unknown as SigningKeyRow;
}

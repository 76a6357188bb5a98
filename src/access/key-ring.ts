import { randomUUID } from "node:crypto";
import { exportJWK, generateKeyPair, importJWK, type CryptoKey, type JWK } from "jose";
import { MahavishnuError } from "../lib/errors.ts";
import type { Secret } from "../lib/secret.ts";
import type { NewSigningKey, SigningAlgorithm, SigningKeyRow, SigningKeyStore } from "../store/identity-contract.ts";
import { deriveKey, openSeal, sealKey } from "./seal-key.ts";

/** What a key ring is made of. */
export interface KeyRingParts {
  readonly store: SigningKeyStore;
  /** `auth.secret`; see `expectAuthSecret`. */
  readonly secret: Secret;
  /** How new tokens are signed. */
  readonly algorithm: SigningAlgorithm;
  readonly now: () => number;
}

/** A key with its one algorithm: whoever verifies never asks the token for it. */
export interface RingKey {
  readonly kid: string;
  readonly algorithm: SigningAlgorithm;
  readonly key: CryptoKey | Uint8Array;
}

/** The keys that sign the tokens of a workspace. */
export interface KeyRing {
  /** The key that signs now; makes one when there is none that the secret opens. */
  signingKey(): Promise<RingKey>;
  /** The key of a token's `kid`, or why there is none. */
  verifyingKey(kid: string): Promise<RingKey | { readonly refusal: string }>;
  /** Makes a new key. What the others have signed counts until it expires, or no more when `endOthers`. */
  rotate(options: { readonly endOthers: boolean }): Promise<RingKey>;
}

/** Several processes may make a key at once; the slower one uses what the quicker one has made. */
const attempts = 5;

/** Opens the ring. Keys are opened when they are first asked for, and kept in memory. */
export function openKeyRing({ store, secret, algorithm, now }: KeyRingParts): KeyRing {
  const opened = new Map<string, Promise<RingKey | null>>();

  const makeKey = async (): Promise<NewSigningKey> => {
    const kid = randomUUID();
    const head = { kid, algorithm, publicJwk: null };
    // The key of HS256 is made from the secret each time. Its seal is empty, and proves that the secret is still the same.
    if (algorithm === "HS256") return { ...head, sealed: sealKey(secret, head, ""), createdAt: now() };
    const pair = await generateKeyPair(algorithm, { extractable: true });
    const publicJwk = JSON.stringify(await exportJWK(pair.publicKey));
    const sealed = sealKey(secret, { ...head, publicJwk }, JSON.stringify(await exportJWK(pair.privateKey)));
    return { ...head, publicJwk, sealed, createdAt: now() };
  };

  const openForVerifying = async (row: SigningKeyRow): Promise<RingKey | null> => {
    const { kid, algorithm: own, publicJwk } = row;
    if (openSeal(secret, row, row.sealed) === null) return null;
    if (own === "HS256") return { kid, algorithm: own, key: deriveKey(secret, kid, "HS256") };
    return { kid, algorithm: own, key: await importKey(publicJwk ?? "", own) };
  };

  const openForSigning = async (row: SigningKeyRow): Promise<RingKey | null> => {
    const content = openSeal(secret, row, row.sealed);
    if (content === null) return null;
    const { kid, algorithm: own } = row;
    if (own === "HS256") return { kid, algorithm: own, key: deriveKey(secret, kid, "HS256") };
    return { kid, algorithm: own, key: await importKey(content, own) };
  };

  const addKey = async (after: string | null, endOthers: boolean): Promise<RingKey | null> => {
    const key = await makeKey();
    if (!(await store.addSigningKey(key, { after, endOthers }))) return null;
    return await openForSigning({ ...key, retiredAt: null, endedAt: null, neededUntil: null });
  };

  /** Tries again while other processes add keys meanwhile. */
  const untilAdded = async (
    endOthers: boolean,
    useNewest: (newest: SigningKeyRow) => Promise<RingKey | null>,
  ): Promise<RingKey> => {
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      const [newest] = await store.listSigningKeys();
      const key =
        (newest === undefined ? null : await useNewest(newest)) ?? (await addKey(newest?.kid ?? null, endOthers));
      if (key !== null) return key;
    }
    throw new MahavishnuError("STATE_BUSY", "other processes keep changing the signing keys");
  };

  return {
    signingKey: () =>
      untilAdded(false, async (newest) => (newest.algorithm === algorithm ? await openForSigning(newest) : null)),
    verifyingKey: async (kid) => {
      const row = await store.getSigningKey(kid);
      if (row === null) return { refusal: "no key of this workspace has signed it" };
      if (row.endedAt !== null) return { refusal: `its signing key ${kid} was ended` };
      const opening = opened.get(kid) ?? openForVerifying(row);
      opened.set(kid, opening);
      const key = await opening;
      return key ?? { refusal: `auth.secret does not open its signing key ${kid}: it was changed since` };
    },
    rotate: ({ endOthers }) => untilAdded(endOthers, async () => await Promise.resolve(null)),
  };
}

async function importKey(jwk: string, algorithm: SigningAlgorithm): Promise<CryptoKey | Uint8Array> {
  return await importJWK(JSON.parse(jwk) as JWK, algorithm);
}

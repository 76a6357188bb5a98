/** A token to be registered. The token itself is never stored, only what tells it again. */
export interface NewToken {
  /** The token's `jti`. */
  readonly id: string;
  /** `user:dana` or `service:ci`. */
  readonly subject: string;
  readonly name: string | null;
  /** The only role that it has; null when it acts with its subject's bindings. */
  readonly role: string | null;
  /** The selector that the role is given for; null for the whole workspace, or when there is no role. */
  readonly scope: string | null;
  /** The key that signed it. */
  readonly kid: string;
  /** SHA-256 of the token's text, in hex. */
  readonly hash: string;
  readonly createdBy: string;
  /** Milliseconds since 1970, as are all times here. */
  readonly createdAt: number;
  readonly expiresAt: number;
}

/** A registered token. */
export interface TokenRow extends NewToken {
  /** Order of creation. */
  readonly position: number;
  readonly revokedAt: number | null;
  readonly revokedBy: string | null;
  /** Known to a minute; the last minute before a crash may be missing. */
  readonly usedAt: number | null;
  readonly usedFrom: string | null;
  /** When its key was ended before its time; null while the key counts. */
  readonly keyEndedAt: number | null;
}

/** Which tokens to list, newest first. */
export interface TokenQuery {
  readonly subject?: string;
  readonly beforePosition?: number;
  readonly limit: number;
}

/** A token was used. */
export interface TokenUse {
  readonly id: string;
  readonly time: number;
  readonly from: string;
}

/** Who takes a right away, and when. */
export interface Revocation {
  readonly by: string;
  readonly time: number;
}

/** The tokens of a workspace. */
export interface TokenRegister {
  /** Resolves when durable. The key must be known. Forgets tokens that have expired long ago. */
  addToken(token: NewToken): Promise<void>;
  getToken(id: string): Promise<TokenRow | null>;
  listTokens(query: TokenQuery): Promise<readonly TokenRow[]>;
  /** False when there is no such token, or it is revoked already. */
  revokeToken(id: string, revocation: Revocation): Promise<boolean>;
  /** Revokes all tokens of a subject that are still good, and gives their ids. */
  revokeTokensOf(subject: string, revocation: Revocation): Promise<readonly string[]>;
  /** Writes when tokens were used last, each at most once a minute. */
  noteTokenUses(uses: readonly TokenUse[]): Promise<void>;
  /** A number that changes when this process has revoked a token or changed a key. Of other processes, `dataVersion` tells. */
  identityVersion(): number;
}

/** How tokens are signed. */
export type SigningAlgorithm = "EdDSA" | "HS256";

/** A signing key to be added. */
export interface NewSigningKey {
  readonly kid: string;
  readonly algorithm: SigningAlgorithm;
  /** JSON; null for HS256, whose key is made from the secret of the configuration. */
  readonly publicJwk: string | null;
  /** What only the secret of the configuration opens, in base64url; it also proves the rest of the row. */
  readonly sealed: string;
  readonly createdAt: number;
}

/** A signing key of the ring. */
export interface SigningKeyRow extends NewSigningKey {
  /** Since then it signs no more; what it has signed counts until it expires. */
  readonly retiredAt: number | null;
  /** Since then what it has signed does not count either. */
  readonly endedAt: number | null;
  /** When the last of its tokens expires; null when there is none. */
  readonly neededUntil: number | null;
}

/** The signing keys of a workspace. */
export interface SigningKeyStore {
  /** Newest first. */
  listSigningKeys(): Promise<readonly SigningKeyRow[]>;
  getSigningKey(kid: string): Promise<SigningKeyRow | null>;
  /**
   * Adds a key and retires all others; with `endOthers`, what those have signed counts no more. False, with nothing written, when the
   * newest key is not `after`: another process was quicker.
   */
  addSigningKey(
    key: NewSigningKey,
    options: { readonly after: string | null; readonly endOthers: boolean },
  ): Promise<boolean>;
}

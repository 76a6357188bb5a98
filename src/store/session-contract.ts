/** A session to be kept. What the browser shows is never stored, only what tells it again. */
export interface NewSession {
  /** Tells the session by what the browser shows. */
  readonly mark: string;
  /** Tells the sign-in that has made it: no sign-in makes two. */
  readonly login: string;
  /** `user:dana`. */
  readonly subject: string;
  /** `group:platform`, as the issuer has said at the sign-in. */
  readonly groups: readonly string[];
  /** The OIDC issuer that has said so. */
  readonly issuer: string;
  /** Milliseconds since 1970, as are all times here. */
  readonly createdAt: number;
  readonly expiresAt: number;
  /** The address of the browser at the sign-in. */
  readonly createdFrom: string;
  /** Proves all of the above. */
  readonly seal: string;
}

/** A session that is known. */
export interface SessionRow extends NewSession {
  /** When it was ended before its time; null while it was not. */
  readonly endedAt: number | null;
  /** Known to a minute. */
  readonly usedAt: number | null;
}

/** A session was used. */
export interface SessionUse {
  readonly mark: string;
  readonly time: number;
}

/** The sessions of people who have signed in with a browser. All servers of the workspace know them. */
export interface SessionRegister {
  /**
   * Adds a session; of the sessions of one subject, and of all, the oldest ones above a bound are ended. False, with nothing written, when
   * the sign-in has made one already.
   */
  addSession(session: NewSession): Promise<boolean>;
  getSession(mark: string): Promise<SessionRow | null>;
  /** False when there is none, or it was ended before. */
  endSession(mark: string, time: number): Promise<boolean>;
  /** Ends all sessions of a subject that have not ended, and says how many. */
  endSessionsOf(subject: string, time: number): Promise<number>;
  /** Writes when a session was used last, at most once a minute. */
  noteSessionUse(use: SessionUse): Promise<void>;
}

import { MahavishnuError, messageOf } from "../lib/errors.ts";

/** What the system says of a connection, and what that means to who gave the address. */
interface Cause {
  readonly why: string;
  readonly fix: string;
}

const unknownAuthority: Cause = {
  why: "its certificate is of an authority that is not known here",
  fix: "Name the authority's certificate: NODE_EXTRA_CA_CERTS=FILE, a PEM file.",
};

const causes: Readonly<Record<string, Cause>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: unknownAuthority,
  SELF_SIGNED_CERT_IN_CHAIN: unknownAuthority,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: unknownAuthority,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: unknownAuthority,
  CERT_HAS_EXPIRED: { why: "its certificate has expired", fix: "Give the server a new one: server.tls." },
  ERR_TLS_CERT_ALTNAME_INVALID: {
    why: "its certificate is for other names",
    fix: "Use a name that the certificate holds, or give the server another one: server.tls.",
  },
  ERR_SSL_WRONG_VERSION_NUMBER: {
    why: "what listens there does not speak TLS",
    fix: "Check the port; a server on this machine without server.tls has an http: address.",
  },
};

/** Why a server gave no answer, with what can be done about it. */
export function explainUnreachable({ origin, protocol }: URL, error: unknown): MahavishnuError {
  const cause = (error as { readonly cause?: unknown }).cause ?? error;
  const code = codeOf(cause);
  const known = causes[code];
  if (known !== undefined) {
    const message = `${origin} cannot be reached safely: ${known.why} (${code})`;
    return new MahavishnuError("SERVER_UNREACHABLE", message, { fix: known.fix, cause: error });
  }
  const message = `${origin} cannot be reached: ${tellCause(cause)}`;
  // Whoever expects TLS closes the connection of who does not begin with it.
  const isClosed = protocol === "http:" && (code === "UND_ERR_SOCKET" || code === "ECONNRESET");
  return new MahavishnuError("SERVER_UNREACHABLE", message, {
    ...(isClosed ? { fix: "Check the port; a server with server.tls has an https: address." } : {}),
    cause: error,
  });
}

function codeOf(cause: unknown): string {
  const { code } = Object(cause) as { readonly code?: unknown };
  return typeof code === "string" ? code : "";
}

/** One line: the system's message, or that of the first address that was tried where a name has several. */
function tellCause(cause: unknown): string {
  const first: unknown = cause instanceof AggregateError && cause.message === "" ? cause.errors[0] : cause;
  return messageOf(first).trim().split("\n", 1)[0] ?? "";
}

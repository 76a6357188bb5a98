import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from "jose";
import { Provider } from "oidc-provider";

/** A real OIDC provider on this machine. */
export interface LiveIssuer extends AsyncDisposable {
  readonly url: string;
  /** Requests that came in, by their paths. */
  readonly asked: string[];
  /** Claims that its tokens carry besides its own. */
  claims: Readonly<Record<string, unknown>>;
  /** For whom its tokens are. */
  audience: string;
  /** The key that signs now. */
  readonly key: SigningKey;
  /** An access token, from its own token endpoint. The client's name is the subject. */
  mint(): Promise<string>;
  /** A token with exactly these claims and header, signed with its own key: what a provider at fault might give out. */
  sign(claims: Readonly<Record<string, unknown>>, header?: Readonly<Record<string, unknown>>): Promise<string>;
  /** Signs with a new key from now on, and publishes no other. */
  rotate(): Promise<void>;
  /** Lets people sign in, and sends their browsers back to these addresses too, and to no others; see `loginClient`. */
  allowLogin(redirectUris: readonly string[], options?: LoginOptions): Promise<void>;
  /** Answers nothing any more, or again. */
  setDown(isDown: boolean): void;
  /** Answers every request so, in place of the provider. */
  answerWith(answer: ((path: string, response: ServerResponse) => boolean) | null): void;
}

/** How people sign in at the provider. */
export interface LoginOptions {
  /** Whether claims stand in the id token; else only at the userinfo endpoint. */
  readonly inIdToken?: boolean;
  /** Whether the client proves itself by PKCE alone. */
  readonly isPublic?: boolean;
}

interface SigningKey {
  readonly kid: string;
  readonly algorithm: string;
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
  readonly publicJwk: JWK;
}

/** Nothing is kept: its tokens are read by their signature alone. */
class ForgetfulStore {
  async upsert(): Promise<void> {}
  async find(): Promise<void> {}
}

/** The client that people sign in with. */
export const loginClient = { id: "workspace", secret: "a secret of the sign-in" };

const client = { id: "dana", secret: "a secret of the client" };

/** Starts oidc-provider on a free port of the loopback address. */
export async function startLiveIssuer(algorithm = "RS256"): Promise<LiveIssuer> {
  const asked: string[] = [];
  let answer: ((path: string, response: ServerResponse) => boolean) | null = null;
  let isDown = false;
  let serve: (request: IncomingMessage, response: ServerResponse) => void;
  const server = createServer((request, response) => {
    const path = request.url ?? "";
    asked.push(path);
    if (isDown) request.socket.destroy();
    else if (answer?.(path, response) !== true) serve(request, response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  let key = await makeKey(algorithm, 1);
  let rounds = 1;
  let login: Login | null = null;

  const issuer: LiveIssuer = {
    url,
    asked,
    claims: {},
    audience: "mahavishnu",
    get key() {
      return key;
    },
    mint: async () => {
      const response = await fetch(`${url}/token`, {
        method: "POST",
        headers: {
          authorization: `Basic ${btoa(`${client.id}:${encodeURIComponent(client.secret)}`)}`,
          "content-type": "application/x-www-form-urlencoded",
        },
        body: "grant_type=client_credentials",
      });
      const { access_token: token } = (await response.json()) as { readonly access_token?: string };
      if (token === undefined) throw new Error(`the provider gave no token (${response.status})`);
      return token;
    },
    sign: async (claims, header = {}) =>
      await new SignJWT(claims)
        .setProtectedHeader({ alg: key.algorithm, kid: key.kid, typ: "at+jwt", ...header })
        .sign(key.privateKey),
    rotate: async () => {
      rounds += 1;
      key = await makeKey(algorithm, rounds);
      serve = await makeProvider(issuer, login);
    },
    allowLogin: async (redirectUris, options = {}) => {
      login = { redirectUris: [...(login?.redirectUris ?? []), ...redirectUris], ...options };
      serve = await makeProvider(issuer, login);
    },
    setDown: (value) => {
      isDown = value;
    },
    answerWith: (value) => {
      answer = value;
    },
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
      await Promise.resolve();
    },
  };
  serve = await makeProvider(issuer, login);
  return issuer;
}

async function makeKey(algorithm: string, round: number): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true });
  return { kid: `key-${round}`, algorithm, privateKey, publicKey, publicJwk: await exportJWK(publicKey) };
}

interface Login extends LoginOptions {
  readonly redirectUris: readonly string[];
}

async function makeProvider(issuer: LiveIssuer, login: Login | null): Promise<ReturnType<Provider["callback"]>> {
  const { kid, algorithm, privateKey } = issuer.key;
  const provider = new Provider(issuer.url, {
    clients: [
      {
        client_id: client.id,
        client_secret: client.secret,
        grant_types: ["client_credentials"],
        redirect_uris: [],
        response_types: [],
        id_token_signed_response_alg: algorithm,
      },
      ...(login === null ? [] : [describeLoginClient(login, algorithm)]),
    ],
    // Whoever signs in has to be remembered on the way; that is what the provider does by itself, in memory.
    ...(login === null ? { adapter: ForgetfulStore } : {}),
    conformIdTokenClaims: login?.inIdToken !== true,
    claims: { openid: ["sub", "groups", "email", "email_verified"] },
    findAccount: (_context: unknown, id: string) => ({
      accountId: id,
      claims: async () => await Promise.resolve({ sub: id, ...issuer.claims }),
    }),
    enabledJWA: { idTokenSigningAlgValues: [algorithm] },
    ttl: { ClientCredentials: 600 },
    cookies: { keys: ["a key for cookies"] },
    jwks: { keys: [{ ...(await exportJWK(privateKey)), kid, alg: algorithm, use: "sig" }] },
    features: {
      devInteractions: { enabled: login !== null },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: (_context: unknown, { clientId }: { readonly clientId: string }) =>
          clientId === loginClient.id ? undefined : "urn:workspace",
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          scope: "",
          audience: issuer.audience,
          accessTokenFormat: "jwt",
          accessTokenTTL: 600,
          jwt: { sign: { alg: algorithm } },
        }),
      },
    },
    extraTokenClaims: () => issuer.claims,
  });
  return provider.callback();
}

function describeLoginClient({ redirectUris, isPublic = false }: Login, algorithm: string): object {
  return {
    client_id: loginClient.id,
    ...(isPublic ? { token_endpoint_auth_method: "none" } : { client_secret: loginClient.secret }),
    grant_types: ["authorization_code"],
    redirect_uris: redirectUris,
    response_types: ["code"],
    id_token_signed_response_alg: algorithm,
  };
}

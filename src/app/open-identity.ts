import type { Authenticator } from "../access/authenticator.ts";
import type { IssuerParts } from "../access/issue-token.ts";
import type { OidcRules } from "../access/verify-oidc.ts";
import { resolveAuthSecrets } from "../config/secret-references.ts";
import type { Config } from "../config/schema.ts";
import type { AppContext } from "./app-context.ts";

/**
 * Opens what tells who shows a token: for whoever answers over the network.
 *
 * @throws MahavishnuError AUTH_SECRET; UserFileError SECRET_UNRESOLVED.
 */
export async function openAuthenticator(context: AppContext): Promise<Authenticator> {
  const [{ createAuthenticator }, { expectAuthSecret }] = await Promise.all([
    import("../access/authenticator.ts"),
    import("../access/seal-key.ts"),
  ]);
  const { auth } = context.loaded.config;
  const secret = expectAuthSecret(resolveAuthSecrets(context.loaded, context.env).auth);
  const oidc = oidcRulesOf(auth);
  return createAuthenticator({ store: await context.store(), secret, auth, ...(oidc === null ? {} : { oidc }) });
}

/**
 * Opens what makes tokens and keys.
 *
 * @throws MahavishnuError AUTH_SECRET; UserFileError SECRET_UNRESOLVED.
 */
export async function openIssuer(context: AppContext): Promise<IssuerParts> {
  const [{ openKeyRing }, { expectAuthSecret }] = await Promise.all([
    import("../access/key-ring.ts"),
    import("../access/seal-key.ts"),
  ]);
  const { algorithm, issuer, audience } = context.loaded.config.auth;
  const secret = expectAuthSecret(resolveAuthSecrets(context.loaded, context.env).auth);
  const register = await context.store();
  const now = Date.now;
  return { ring: openKeyRing({ store: register, secret, algorithm, now }), register, issuer, audience, now };
}

/** What is expected of tokens of the OIDC issuer; null when there is none. The configuration sees to it that both names are there. */
export function oidcRulesOf({ oidc }: Pick<Config["auth"], "oidc">): OidcRules | null {
  if (oidc?.issuer === undefined || oidc.audience === undefined) return null;
  return { ...oidc, issuer: oidc.issuer, audience: oidc.audience };
}

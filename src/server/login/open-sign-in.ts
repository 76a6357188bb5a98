import { expectAuthSecret } from "../../access/seal-key.ts";
import { openSessions } from "../../access/sessions.ts";
import type { AppContext } from "../../app/app-context.ts";
import { oidcRulesOf } from "../../app/open-identity.ts";
import { resolveAuthSecrets } from "../../config/secret-references.ts";
import { cookiesOf } from "./cookies.ts";
import type { SignIn } from "./login.ts";
import { isReachedSecurely } from "./origin-check.ts";

/**
 * Opens the sign-in for browsers; null where the configuration names no client at an issuer.
 *
 * @throws MahavishnuError AUTH_SECRET; UserFileError SECRET_UNRESOLVED.
 */
export async function openSignIn(app: AppContext): Promise<SignIn | null> {
  const { auth } = app.loaded.config;
  const rules = oidcRulesOf(auth);
  if (!auth.enabled || auth.oidc?.clientId === undefined || rules === null) return null;
  const secrets = resolveAuthSecrets(app.loaded, app.env);
  const secret = expectAuthSecret(secrets.auth);
  const { clientId, scopes } = auth.oidc;
  const { createIssuerLogin } = await import("../../access/issuer-login.ts");
  const login = createIssuerLogin({ ...rules, clientId, scopes, clientSecret: secrets.oidcClient }, { now: Date.now });
  const sessions = openSessions({ store: await app.store(), secret, issuer: rules.issuer, ttlMs: auth.sessionTtl });
  const { tlsCert } = app.loaded.paths;
  const own = { publicUrl: app.loaded.config.server.publicUrl, hasTls: tlsCert !== undefined };
  return { login, sessions, secret, own, cookies: cookiesOf({ isSecure: isReachedSecurely(own) }) };
}

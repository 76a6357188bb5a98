import * as z from "zod";
import { documented, duration, secret, text } from "./schema-values.ts";

/** A URL of https, or of http on this very machine; without user, password, query and fragment. */
const issuerForm =
  /^(?:https:\/\/[^\s?#@/]+(?:\/[^\s?#]*)?|http:\/\/(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?(?:\/[^\s?#]*)?)$/;

/** What must be there for tokens of the issuer to count is asked of all layers together; see `check-access.ts`. */
const oidc = z.strictObject({
  issuer: documented(text(issuerForm, "an issuer is an https: URL, such as https://id.example.test").optional(), {
    description: "The OIDC issuer, exactly as its tokens name it. Required with `auth.oidc`.",
  }),
  audience: documented(text(/^\S{1,200}$/, "an audience is one word").optional(), {
    description: "Whom tokens of the issuer must be for. Required with `auth.oidc`.",
  }),
  clientId: documented(text(/^\S{1,200}$/, "a client id is one word").optional(), {
    description:
      "The client that people sign in with. When set, a token that names the client it was given to (`azp`) must name this one.",
  }),
  clientSecret: documented(secret().optional(), { description: "The secret of that client, if it has one." }),
  subjectClaim: documented(text(/^\S{1,200}$/, "a claim is one word").prefault("sub"), {
    description: "The claim that becomes the name after `user:`. With `email`, the issuer must call it verified.",
  }),
  groupsClaim: documented(text(/^\S{1,200}$/, "a claim is one word").prefault("groups"), {
    description: "The claim that lists the groups; each becomes `group:NAME`.",
  }),
  scopes: documented(
    z.array(text(/^[!#-[\]-~]{1,200}$/, "a scope is one word of plain characters")).prefault(["openid", "profile"]),
    { description: "What is asked for when people sign in." },
  ),
  clockSkew: documented(duration({ min: 0, max: 300_000 }).prefault("60s"), {
    description: "How far the issuer's clock may be from this one; at most 5m.",
  }),
});

/** `auth`: who callers are. */
export const auth = z.strictObject({
  enabled: documented(z.boolean().prefault(true), {
    description: "Whether callers who are not the local owner of the workspace must show a token.",
    guide: "true in production",
  }),
  secret: documented(secret().optional(), {
    description: "Signs tokens and encrypts the key ring. Needed while `auth.enabled` is true.",
    guide: "at least 32 characters",
  }),
  tokenTtl: documented(duration({ max: 366 * 86_400_000 }).prefault("1h"), {
    description: "How long a new token is valid.",
  }),
  sessionTtl: documented(duration({ max: 7 * 86_400_000 }).prefault("8h"), {
    description: "How long somebody who has signed in with a browser stays so at most; less when the issuer says less.",
  }),
  algorithm: documented(z.enum(["EdDSA", "HS256"]).prefault("EdDSA"), {
    description: "How new tokens are signed: with a key pair of the key ring, or with a key made from `auth.secret`.",
  }),
  issuer: documented(text(/^\S{1,200}$/, "an issuer is one word").prefault("mahavishnu"), {
    description: "Who tokens say they are from. Tokens that were made under another name are refused.",
  }),
  audience: documented(text(/^\S{1,200}$/, "an audience is one word").prefault("mahavishnu"), {
    description: "Whom tokens are for. Tokens that were made for another audience are refused.",
  }),
  oidc: documented(oidc.optional(), { description: "An OIDC issuer whose tokens count, and where people sign in." }),
});

import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { AuthenticationError } from "../../access/authentication-error.ts";
import { bindingsOf } from "../../access/authorize.ts";
import { IssuerDownError, type IssuerLogin } from "../../access/issuer-login.ts";
import { loginMs, openTicket, sealTicket } from "../../access/login-ticket.ts";
import type { OpenSession, Sessions } from "../../access/sessions.ts";
import type { Subject } from "../../access/subject.ts";
import { describeAccessPolicy } from "../../app/access-policy.ts";
import type { AppContext } from "../../app/app-context.ts";
import type { Secret } from "../../lib/secret.ts";
import { type Cookies, registerCookies } from "./cookies.ts";
import type { Guard } from "../callers/guard-callers.ts";
import { renderHome, renderNotice, renderWelcome, type Visitor } from "./home-page.ts";
import { pagePolicy } from "./html-page.ts";
import { readLocalPath } from "./local-path.ts";
import { toProblem } from "../http/problem.ts";
import type { RefusalTrail } from "../callers/refusal-trail.ts";
import { retryAfterOf } from "../http/retry-after.ts";
import { type OwnOrigin, ownOriginOf, registerOriginCheck } from "./origin-check.ts";

/** How people sign in with a browser. */
export interface SignIn {
  readonly login: IssuerLogin;
  readonly sessions: Sessions;
  /** Seals what the browser keeps while a sign-in is under way. */
  readonly secret: Secret;
  readonly cookies: Cookies;
  readonly own: OwnOrigin;
}

/** What the pages are made of. */
export interface LoginParts {
  readonly app: AppContext;
  /** Null where nobody can sign in with a browser. */
  readonly signIn: SignIn | null;
  readonly guard: Guard;
  readonly refusals: RefusalTrail;
}

const notSignedIn = "You were not signed in";

/** The pages for people: `/`, `/login`, `/login/callback` and `/logout`. They need no token, and answer in HTML, failures too. */
export function registerLogin(server: FastifyInstance, parts: LoginParts): void {
  const { signIn, guard, refusals } = parts;
  registerCookies(server);
  if (signIn !== null) registerOriginCheck(server, { ...signIn, refusals });
  server.register(async (scope) => {
    await Promise.resolve();
    scope.addHook("onRequest", guard.admitStranger);
    scope.addHook("onRequest", async (_request, reply) => {
      reply.headers({ "content-security-policy": pagePolicy, "referrer-policy": "same-origin" });
    });
    scope.addContentTypeParser("application/x-www-form-urlencoded", { parseAs: "string" }, (_request, _body, done) =>
      done(null, {}),
    );
    scope.setErrorHandler(async (error, request, reply) => {
      const { status, title } = toProblem(error, request.id);
      const retryAfter = retryAfterOf(error, status);
      if (retryAfter !== undefined) reply.header("retry-after", String(retryAfter));
      return await answerNotice(request, reply, { status, title: "That did not work", text: title });
    });
    scope.get("/", async (request, reply) => await answerHome(request, reply, parts));
    if (signIn === null) return;
    scope.get("/login", async (request, reply) => await begin(request, reply, { ...parts, signIn }));
    scope.get("/login/callback", async (request, reply) => await finish(request, reply, { ...parts, signIn }));
    scope.post("/logout", async (request, reply) => await leave(request, reply, { ...parts, signIn }));
  });
}

type SignInParts = LoginParts & { readonly signIn: SignIn };

async function begin(request: FastifyRequest, reply: FastifyReply, parts: SignInParts): Promise<FastifyReply> {
  const { signIn } = parts;
  const { cookies, own } = signIn;
  const { to = "/" } = request.query as { readonly to?: unknown };
  const path = readLocalPath(to);
  if (path === null) {
    const text = "The place to go to after signing in is no path of this server.";
    return await answerNotice(request, reply, { status: 400, title: notSignedIn, text });
  }
  try {
    const { url, proof } = await signIn.login.begin(`${ownOriginOf(request, own)}/login/callback`);
    const ticket = sealTicket(signIn.secret, { ...proof, to: path, expiresAt: Date.now() + loginMs });
    cookies.write(reply, "login", ticket, loginMs);
    return await reply.redirect(url, 302);
  } catch (error) {
    return await answerRefusal(request, reply, parts, error);
  }
}

async function finish(request: FastifyRequest, reply: FastifyReply, parts: SignInParts): Promise<FastifyReply> {
  const { signIn } = parts;
  const { cookies, own } = signIn;
  const kept = cookies.read(request, "login");
  cookies.clear(reply, "login");
  try {
    const ticket = kept === undefined ? null : openTicket(signIn.secret, kept, Date.now());
    if (ticket === null) throw new AuthenticationError("no sign-in is under way in this browser");
    const { to, ...proof } = ticket;
    const callback = new URL(request.url, ownOriginOf(request, own));
    const signedIn = await signIn.login.finish(callback, proof);
    const expiresAt = new Date(signIn.sessions.endOf(signedIn)).toISOString();
    // In the trail before it counts. Who is a member of what is the issuer's word of now, and decides what they may do.
    await audit(request, parts, signedIn.subject, {
      action: "sign-in",
      after: { expiresAt, groups: [...signedIn.subject.groups] },
    });
    const session = await signIn.sessions.begin(signedIn, proof.state, request.ip);
    const before = cookies.read(request, "session");
    if (before !== undefined) await signIn.sessions.end(before);
    cookies.write(reply, "session", session.id, session.expiresAt - Date.now());
    return await reply.redirect(to, 302);
  } catch (error) {
    return await answerRefusal(request, reply, parts, error);
  }
}

async function leave(request: FastifyRequest, reply: FastifyReply, parts: SignInParts): Promise<FastifyReply> {
  const { signIn } = parts;
  const { cookies } = signIn;
  const id = cookies.read(request, "session");
  const session = id === undefined ? null : await findSession(signIn.sessions, id);
  if (id !== undefined && session !== null) {
    await audit(request, parts, session.subject, { action: "sign-out", after: null });
    await signIn.sessions.end(id);
  }
  cookies.clear(reply, "session");
  return await reply.redirect("/", 303);
}

async function answerHome(request: FastifyRequest, reply: FastifyReply, parts: LoginParts): Promise<FastifyReply> {
  const { app, signIn } = parts;
  reply.type("text/html; charset=utf-8");
  const visitor = await findVisitor(request, reply, parts);
  if (visitor === null) return await reply.send(renderWelcome({ canSignIn: signIn !== null }));
  const { subject, expiresAt } = visitor;
  const shown: Visitor = {
    name: subject.name,
    groups: subject.groups,
    bindings: bindingsOf(describeAccessPolicy(app), subject),
    isOwner: subject.name === app.localOwner,
    expiresAt,
  };
  return await reply.send(renderHome(shown));
}

async function findVisitor(
  request: FastifyRequest,
  reply: FastifyReply,
  { app, signIn }: LoginParts,
): Promise<{ readonly subject: Subject; readonly expiresAt: number | null } | null> {
  if (!app.loaded.config.auth.enabled) return { subject: app.subject, expiresAt: null };
  const id = signIn?.cookies.read(request, "session");
  if (signIn === null || id === undefined) return null;
  const session = await findSession(signIn.sessions, id);
  if (session === null) signIn.cookies.clear(reply, "session");
  return session;
}

async function findSession(sessions: Sessions, id: string): Promise<OpenSession | null> {
  try {
    return await sessions.authenticate(id);
  } catch (error) {
    if (error instanceof AuthenticationError) return null;
    throw error;
  }
}

/** What went wrong at a sign-in is for the audit trail; the page tells only whether trying again may help. */
async function answerRefusal(
  request: FastifyRequest,
  reply: FastifyReply,
  { refusals }: SignInParts,
  error: unknown,
): Promise<FastifyReply> {
  if (error instanceof IssuerDownError) {
    await refusals.note(request, null, `the issuer cannot be asked: ${error.message}`);
    reply.header("retry-after", "5");
    const text = "The identity provider does not answer as it should. Try again later.";
    return await answerNotice(request, reply, { status: 503, title: notSignedIn, text });
  }
  if (!(error instanceof AuthenticationError)) throw error;
  await refusals.note(request, error, error.reason);
  const text = "The sign-in was refused, has expired, or was begun elsewhere. Begin again from the start page.";
  return await answerNotice(request, reply, { status: 403, title: notSignedIn, text });
}

async function answerNotice(
  request: FastifyRequest,
  reply: FastifyReply,
  { status, title, text }: { readonly status: number; readonly title: string; readonly text: string },
): Promise<FastifyReply> {
  reply.code(status).type("text/html; charset=utf-8");
  return await reply.send(renderNotice(title, { text, requestId: request.id }));
}

async function audit(
  request: FastifyRequest,
  { app }: LoginParts,
  { name }: Subject,
  { action, after }: { readonly action: string; readonly after: { readonly [key: string]: string | string[] } | null },
): Promise<void> {
  const store = await app.store();
  await store.appendAudit({
    time: Date.now(),
    actor: name,
    action,
    resource: "session",
    decision: "allowed",
    reason: action === "sign-in" ? `the issuer ${app.loaded.config.auth.oidc?.issuer ?? ""} has said so` : "asked for",
    requestId: request.id,
    from: request.ip,
    before: null,
    after,
  });
}

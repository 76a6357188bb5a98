import { fastifyCookie } from "@fastify/cookie";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";

/** What a browser keeps for us: who has signed in, and the sign-in that is under way. */
export type CookieKind = "session" | "login";

/** The cookies of a server. */
export interface Cookies {
  /** What the browser shows; undefined when it shows none. */
  read(request: FastifyRequest, kind: CookieKind): string | undefined;
  /** @param maxAgeMs for how long the browser keeps it */
  write(reply: FastifyReply, kind: CookieKind, value: string, maxAgeMs: number): void;
  clear(reply: FastifyReply, kind: CookieKind): void;
}

const names = { session: "mahavishnu", login: "mahavishnu-login" } as const;

/**
 * What a cookie is called. Where browsers come over https, its name begins with `__Host-`: no other host of the same domain and no plain
 * connection can plant one.
 */
export function cookieName(kind: CookieKind, isSecure: boolean): string {
  return isSecure ? `__Host-${names[kind]}` : names[kind];
}

/** The library reads and writes cookies once the server has loaded it; it reads none by itself. */
export function registerCookies(server: FastifyInstance): void {
  server.register(fastifyCookie, { hook: false });
}

/** Cookies that no script reads and no form of another page sends. */
export function cookiesOf({ isSecure }: { readonly isSecure: boolean }): Cookies {
  const nameOf = (kind: CookieKind): string => cookieName(kind, isSecure);
  const options = { path: "/", httpOnly: true, secure: isSecure, sameSite: "lax" } as const;
  const send = (reply: FastifyReply, kind: CookieKind, value: string, maxAge: number): void => {
    // Fastify sends one line for each.
    reply.header("set-cookie", fastifyCookie.serialize(nameOf(kind), value, { ...options, maxAge }));
  };
  return {
    read: ({ headers }, kind) => {
      if (headers.cookie === undefined) return undefined;
      const all = fastifyCookie.parse(headers.cookie);
      return Object.hasOwn(all, nameOf(kind)) ? all[nameOf(kind)] : undefined;
    },
    write: (reply, kind, value, maxAgeMs) => send(reply, kind, value, Math.ceil(maxAgeMs / 1000)),
    clear: (reply, kind) => send(reply, kind, "", 0),
  };
}

import type { Binding } from "../../access/authorize.ts";
import { type Html, markup, renderPage } from "./html-page.ts";

/** Who looks at the page, and what is known of them. */
export interface Visitor {
  /** `user:dana`. */
  readonly name: string;
  readonly groups: readonly string[];
  readonly bindings: readonly Binding[];
  /** Whether they own the workspace, and may do everything. */
  readonly isOwner: boolean;
  /** Milliseconds since 1970: when the session ends; null where nobody has to sign in. */
  readonly expiresAt: number | null;
}

/** The page for somebody who is known. */
export function renderHome(visitor: Visitor): string {
  const { name, groups, expiresAt } = visitor;
  const member = groups.length === 0 ? markup`` : markup`<p>Your groups: ${groups.join(", ")}.</p>`;
  const leave = expiresAt === null ? withoutAuthentication : describeSession(expiresAt);
  return renderPage(`You are ${name}`, markup`${member}\n${describeRoles(visitor)}\n${leave}\n${apiLinks(true)}`);
}

/** The page for who is not signed in. */
export function renderWelcome({ canSignIn }: { readonly canSignIn: boolean }): string {
  const way = canSignIn ? markup`<p><a class="button" href="/login">Sign in</a></p>` : withoutSignIn;
  return renderPage("You are not signed in", markup`${way}\n${apiLinks(false)}`);
}

/** A page that tells why something did not happen. Nothing on it comes from the request. */
export function renderNotice(
  title: string,
  { text, requestId }: { readonly text: string; readonly requestId: string },
): string {
  return renderPage(
    title,
    markup`<p>${text}</p>
<p>Request: <code>${requestId}</code></p>
<p><a href="/">Back to the start</a></p>`,
  );
}

const withoutAuthentication = markup`<p>Authentication is off: whoever reaches this server acts under this name.</p>`;

const withoutSignIn = markup`<p>This server has no sign-in for browsers. Ask an admin of the workspace for a token
(<code>mahavishnu token create --subject user:NAME</code>), and give it to the command line or to any HTTP client:</p>
<ul>
<li><code>MAHAVISHNU_TOKEN=TOKEN mahavishnu --url URL access whoami</code></li>
<li><code>curl -H "Authorization: Bearer TOKEN" URL/v1/whoami</code></li>
</ul>
<p>An admin turns the sign-in on with <code>auth.oidc.clientId</code> in mahavishnu.yaml.</p>`;

function describeSession(expiresAt: number): Html {
  const end = new Date(expiresAt).toISOString().replace(/\.\d+Z$/, "Z");
  return markup`<p>You stay signed in until <time datetime="${end}">${end}</time>.</p>
<form method="post" action="/logout"><button type="submit">Sign out</button></form>`;
}

function describeRoles({ name, bindings, isOwner }: Visitor): Html {
  if (isOwner) return markup`<p>You own this workspace, and may do everything in it.</p>`;
  if (bindings.length === 0) {
    return markup`<p>You have no role in this workspace. Ask an admin to bind one to ${name} or to one of your groups, under
<code>access.bindings</code> in mahavishnu.yaml.</p>`;
  }
  const rows = bindings.map(({ subject, role, where }) => {
    const scope = where === undefined ? "all" : markup`<code>${where}</code>`;
    return markup`<tr><td>${role}</td><td>${subject}</td><td>${scope}</td></tr>\n`;
  });
  return markup`<table>
<caption>Your roles</caption>
<thead><tr><th scope="col">Role</th><th scope="col">Given to</th><th scope="col">Repositories</th></tr></thead>
<tbody>
${rows}</tbody>
</table>`;
}

function apiLinks(isKnown: boolean): Html {
  const own = isKnown ? markup`\n<li><a href="/v1/whoami">Who you are and what you may do, as JSON</a></li>` : markup``;
  return markup`<nav aria-label="API">
<h2>API</h2>
<ul>
<li><a href="/openapi.json">Description of the API (OpenAPI 3.1)</a></li>${own}
</ul>
</nav>`;
}

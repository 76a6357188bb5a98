import { request as requestHttp, type IncomingHttpHeaders } from "node:http";
import { request as requestHttps } from "node:https";

/** What a browser was answered. */
export interface BrowserAnswer {
  readonly url: string;
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** What a browser asks. */
export interface BrowserRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/**
 * A browser that is driven by hand: it keeps cookies as browsers do (by host and path, whatever the port), follows redirects, and fills
 * in forms.
 */
export class TestBrowser {
  /** By host, path and name. Tests read and change it. */
  readonly cookies = new Map<
    string,
    { readonly host: string; readonly path: string; readonly name: string; value: string }
  >();
  /** Cookies as they were set, with their attributes. */
  readonly set: string[] = [];
  /** Every address that it has been at. */
  readonly visited: string[] = [];
  readonly #ca: string | undefined;

  constructor(ca?: string) {
    this.#ca = ca;
  }

  /** The value of a cookie, whatever its place; undefined when there is none. */
  cookie(name: string): string | undefined {
    return [...this.cookies.values()].find((cookie) => cookie.name === name)?.value;
  }

  /** Asks once. */
  async send(address: string, { method = "GET", headers = {}, body }: BrowserRequest = {}): Promise<BrowserAnswer> {
    const url = new URL(address);
    this.visited.push(url.href);
    const shown = [...this.cookies.values()].filter(
      ({ host, path }) =>
        host === url.hostname && (url.pathname === path || url.pathname.startsWith(path.replace(/\/?$/, "/"))),
    );
    const cookie = shown.map(({ name, value }) => `${name}=${value}`).join("; ");
    const answer = await exchange(url, {
      method,
      headers: { ...(cookie === "" ? {} : { cookie }), ...headers },
      body,
      ca: this.#ca,
    });
    for (const line of answer.headers["set-cookie"] ?? []) this.#keep(url, line);
    return answer;
  }

  /** Opens an address, and goes wherever it is sent; `until` stops before it. */
  async open(
    address: string,
    request: BrowserRequest = {},
    until = (_url: string): boolean => false,
  ): Promise<BrowserAnswer> {
    let answer = await this.send(address, request);
    for (let hops = 0; hops < 20; hops += 1) {
      const { location } = answer.headers;
      if (answer.status < 300 || answer.status >= 400 || location === undefined) return answer;
      const next = new URL(location, answer.url).href;
      if (until(next)) return { ...answer, url: next };
      answer = await this.send(next);
    }
    throw new Error(`too many redirects, the last one to ${answer.url}`);
  }

  /** Fills in the only form of a page and sends it, as its user would. */
  async submit(
    page: BrowserAnswer,
    fields: Readonly<Record<string, string>> = {},
    until?: (url: string) => boolean,
  ): Promise<BrowserAnswer> {
    const action = /<form[^>]* action="([^"]+)"/.exec(page.text)?.[1];
    if (action === undefined)
      throw new Error(`there is no form on the page: ${page.status} ${page.text.slice(0, 500)}`);
    const filled = new URLSearchParams(fields);
    for (const [, name = "", value = ""] of page.text.matchAll(
      /<input type="hidden" name="([^"]+)" value="([^"]*)"/g,
    )) {
      filled.append(name, value);
    }
    const { origin } = new URL(page.url);
    const headers = { "content-type": "application/x-www-form-urlencoded", origin, "sec-fetch-site": "same-origin" };
    return await this.open(new URL(action, page.url).href, { method: "POST", headers, body: String(filled) }, until);
  }

  #keep(url: URL, line: string): void {
    this.set.push(line);
    const [pair = "", ...attributes] = line.split(/;\s*/);
    const [name = "", value = ""] = pair.split(/=(.*)/s);
    const named = new Map(
      attributes.map((each) => each.split("=")).map(([key = "", text = ""]) => [key.toLowerCase(), text]),
    );
    const path = named.get("path") ?? "/";
    const key = `${url.hostname} ${path} ${name}`;
    const expires = named.get("expires");
    const isOver = named.get("max-age") === "0" || (expires !== undefined && Date.parse(expires) <= Date.now());
    if (isOver) this.cookies.delete(key);
    else this.cookies.set(key, { host: url.hostname, path, name, value });
  }
}

function exchange(
  url: URL,
  parts: {
    readonly method: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string | undefined;
    readonly ca: string | undefined;
  },
): Promise<BrowserAnswer> {
  const { method, headers, body, ca } = parts;
  return new Promise((resolve, reject) => {
    const options = { method, headers, agent: false } as const;
    const request =
      url.protocol === "https:"
        ? requestHttps(url, { ...options, ...(ca === undefined ? {} : { ca }) })
        : requestHttp(url, options);
    request.once("error", reject);
    request.once("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.once("error", reject);
      response.once("end", () => {
        const text = Buffer.concat(chunks).toString("utf8");
        resolve({ url: url.href, status: response.statusCode ?? 0, headers: response.headers, text });
      });
    });
    request.end(body);
  });
}

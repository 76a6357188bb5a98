import { createHash } from "node:crypto";

/** Text that is HTML already: everything else is escaped. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** What may stand in a template. */
export type HtmlPart = string | number | Html | readonly Html[];

/**
 * Makes HTML of a template; whatever is put in is shown as it is, and never read as HTML.
 *
 * @example
 * markup`<p>${"<b>"}</p>`.text; // "<p>&lt;b&gt;</p>"
 */
export function markup(texts: TemplateStringsArray, ...parts: readonly HtmlPart[]): Html {
  return new Html(texts.map((text, n) => `${text}${n < parts.length ? render(parts[n] ?? "") : ""}`).join(""));
}

function render(part: HtmlPart): string {
  if (part instanceof Html) return part.text;
  if (typeof part === "object") return part.map(({ text }) => text).join("");
  return String(part).replaceAll(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}

/** Colours are the browser's own, which have enough contrast, by day and by night. */
const style = `
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }
body { margin: 0 auto; max-width: 46rem; padding: 1.5rem; overflow-wrap: anywhere; }
header { font-weight: 600; }
:focus-visible { outline: 3px solid; outline-offset: 3px; }
table { border-collapse: collapse; margin: 1rem 0; width: 100%; }
caption { font-weight: 600; text-align: start; }
th, td { border: 1px solid; padding: 0.4rem 0.6rem; text-align: start; vertical-align: top; }
code { font-family: ui-monospace, monospace; }
button, .button { border: 2px solid; border-radius: 0.3rem; box-sizing: border-box; display: inline-block; font: inherit;
  min-height: 2.75rem; padding: 0.5rem 1rem; }
`;

/** The page loads nothing and runs nothing; its own style is known by its hash, and its forms come back here. */
export const pagePolicy = [
  "default-src 'none'",
  `style-src 'sha256-${createHash("sha256").update(style).digest("base64")}'`,
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join("; ");

/** A whole page. */
export function renderPage(title: string, main: Html): string {
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} - Mahavishnu</title>
<style>${new Html(style)}</style>
</head>
<body>
<header>Mahavishnu</header>
<main>
<h1>${title}</h1>
${main}
</main>
</body>
</html>
`.text;
}

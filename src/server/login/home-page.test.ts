import { createHash } from "node:crypto";
import axe from "axe-core";
import { JSDOM } from "jsdom";
import { describe, expect, it } from "vitest";
import { renderHome, renderNotice, renderWelcome } from "./home-page.ts";
import { markup, pagePolicy } from "./html-page.ts";

const evil = `<img src=x onerror="alert('&')">`;
const visitor = { name: "user:dana", groups: [], bindings: [], isOwner: false, expiresAt: 0 };
const pages = [
  renderHome(visitor),
  renderHome({
    ...visitor,
    bindings: [{ subject: "user:dana", role: "viewer", where: "tag:x" }],
    groups: ["group:edge"],
  }),
  renderHome({ ...visitor, isOwner: true, expiresAt: null }),
  renderWelcome({ canSignIn: true }),
  renderWelcome({ canSignIn: false }),
  renderNotice("You were not signed in", { text: "Why.", requestId: "1" }),
];

describe("the pages for people", () => {
  it("show texts of others as they are", () => {
    expect(markup`<p title="${evil}">${evil}</p>`.text).not.toMatch(/<img|"alert|'/);
    const bindings = [{ subject: evil, role: evil, where: evil }];
    const page = renderHome({ ...visitor, name: evil, groups: [evil], bindings });
    expect(page).not.toContain("<img");
    expect(page.match(/&#60;img src=x/g)?.length).toBeGreaterThan(4);
  });

  it("name commands as they are called", () => {
    const page = renderWelcome({ canSignIn: false });
    for (const command of ["token create --subject user:NAME", "--url URL access whoami"]) {
      expect(page).toContain(`mahavishnu ${command}</code>`);
    }
  });

  it("have the one style that the policy knows by its hash", () => {
    for (const page of pages) {
      const style = /<style>([\s\S]*)<\/style>/.exec(page)?.[1] ?? "";
      const hash = createHash("sha256").update(style).digest("base64");
      expect(pagePolicy).toContain(`style-src 'sha256-${hash}'`);
    }
  });

  it("have what a screen reader goes by: language, title, landmarks, one heading of the first level, and none left out", () => {
    for (const page of pages) {
      expect(page).toMatch(/^<!doctype html>\n<html lang="en">/);
      expect(page).toMatch(/<title>[^<]{5,}<\/title>/);
      for (const tag of ["<header>", "<main>", "<h1>"]) expect(page.split(tag)).toHaveLength(2);
      const levels = [...page.matchAll(/<h(\d)>/g)].map(([, level]) => Number(level));
      expect(levels.every((level, n) => level <= (levels[n - 1] ?? 0) + 1)).toBe(true);
      expect([...page.matchAll(/<nav(?! aria-label="[^"]+")/g)]).toEqual([]);
      expect([...page.matchAll(/<th(?! scope="col">|ead)/g)]).toEqual([]);
      // Every link and button has a text; nothing is told by a picture or a colour alone.
      expect([...page.matchAll(/<(?:a|button)[^>]*>\s*<\//g)]).toEqual([]);
      expect(page).not.toMatch(/<img|<svg|<input|tabindex|outline: *(?:0|none)|(?:^|[^-])color:/);
    }
  });

  it("pass an accessibility audit", async () => {
    for (const page of pages) {
      const { window } = new JSDOM(page, { runScripts: "outside-only" });
      window.eval(axe.source);
      // Colours are the browser's own, and cannot be looked at where nothing is drawn.
      const options = { rules: { "color-contrast": { enabled: false } } };
      const { violations, passes } = await (window as unknown as { axe: typeof axe }).axe.run(
        window.document.documentElement,
        options,
      );
      expect(violations.map(({ id, help, nodes }) => [id, help, nodes.map(({ html }) => html)])).toEqual([]);
      expect(passes.length).toBeGreaterThan(5);
      window.close();
    }
  });
});

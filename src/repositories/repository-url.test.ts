import { describe, expect, it } from "vitest";
import { findUrlProblem, holdsSecret, redactUrl } from "./repository-url.ts";

describe("findUrlProblem", () => {
  it.each([
    "git@git.example.test:acme/gateway.git",
    "git.example.test:gateway.git",
    "ssh://git@git.example.test:2222/acme/gateway.git",
    "ssh://git@[::1]/x.git",
    "https://git.example.test/acme/gateway.git",
    "http://127.0.0.1:3000/x",
    "git://git.example.test/x",
    "file:///srv/git/x.git",
    "/srv/git/x.git",
    "../x.git",
    "C/x:y",
  ])("takes %s", (url) => {
    expect(findUrlProblem(url)).toBe(null);
  });

  it.each([
    ["ext::sh -c id", "ext::"],
    ["EXT::sh", "EXT::"],
    ["fd::7", "fd::"],
    ["a+b::https://x", "a+b::"],
    ["-oProxyCommand=id", "option"],
    ["--upload-pack=id", "option"],
    ["ssh://-oProxyCommand=id/x", "option of ssh"],
    ["ssh://git@-oProxyCommand=id/x", "option of ssh"],
    ["git@-oProxyCommand=id:x", "option of ssh"],
    ["host:-x", "option"],
    ["transport://x/y", "transport:// is not a transport"],
    ["", "one line"],
    [" https://x/y", "one line"],
    ["https://x/y\nz", "one line"],
  ])("refuses %j", (url, reason) => {
    expect(findUrlProblem(url)).toContain(reason);
  });
});

describe("redactUrl", () => {
  it.each([
    ["https://ann:hunter2@git.example.test/x", "https://***@git.example.test/x"],
    ["https://ghp_token@git.example.test/x", "https://***@git.example.test/x"],
    ["ssh://git:hunter2@git.example.test/x", "ssh://git:***@git.example.test/x"],
    ["ssh://git@git.example.test/x", "ssh://git@git.example.test/x"],
    ["https://ann:hunt@er2@git.example.test/x", "https://***@git.example.test/x"],
    ["ssh://git:hunt@er:2@git.example.test/x", "ssh://git:***@git.example.test/x"],
    ["git@git.example.test:x", "git@git.example.test:x"],
    ["https://git.example.test/a@b", "https://git.example.test/a@b"],
  ])("%s", (url, shown) => {
    expect(redactUrl(url)).toBe(shown);
    expect(holdsSecret(url)).toBe(url !== shown);
  });
});

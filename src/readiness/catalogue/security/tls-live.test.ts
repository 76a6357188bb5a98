import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openStage, type Stage } from "../../../../test/support/suite-stage.ts";
import type { Outcome } from "../../types.ts";
import { meetUntrustedServer } from "./meet-untrusted-server.ts";
import { sec005 } from "./sec005-tls-everywhere.ts";

const repos = (url: string) => ({ "repos.yaml": `version: 1\nrepos: { gateway: { url: "${url}" } }\n` });
let stage: Stage;
beforeAll(async () => {
  stage = await openStage("auth: { enabled: false }\n", repos("https://git.example.test/gateway.git"));
});
afterAll(async () => {
  await stage[Symbol.asyncDispose]();
});

describe.concurrent("SEC005, live", () => {
  it("is green when every client refuses", async () => {
    const outcome = await meetUntrustedServer(stage.context());
    expect(outcome.status, JSON.stringify(outcome)).toBe("pass");
  });

  it("is red when http/request does not look at certificates", async () => {
    const outcome = await meetUntrustedServer(stage.context({ env: { NODE_TLS_REJECT_UNAUTHORIZED: "0" } }));
    expect(outcome.status, JSON.stringify(outcome)).toBe("fail");
    expect(outcome.reason).toBe("http/request talks to a server whose certificate nobody trusts");
  });

  it("is red when git was told not to look at certificates", async () => {
    const file = join(stage.workspace, "gitconfig");
    await writeFile(file, "[http]\n  sslVerify = false\n");
    const outcome = await meetUntrustedServer(stage.context({ env: { GIT_CONFIG_GLOBAL: file } }));
    expect(outcome.status, JSON.stringify(outcome)).toBe("fail");
    expect(outcome.reason).toBe("git talks to a server whose certificate nobody trusts");
  });

  it("is red when a client does not even try, since nothing is known then", async () => {
    const outcome = await meetUntrustedServer(
      stage.context({
        faults: [
          ["swap", "run", "uses: http/request", "run: 'true'"],
          ["swap", "run", "with:[^]*", ""],
        ],
      }),
    );
    expect(outcome.status, JSON.stringify(outcome)).toBe("fail");
    expect(outcome.reason).toBe("http/request did not reach the server, so nothing is known");
  });
});

describe("SEC005, static", () => {
  const judge = async (url: string, env: Readonly<Record<string, string>> = {}): Promise<Outcome | undefined> => {
    await using other = await openStage("auth: { enabled: false }\n", repos(url));
    return await sec005.static?.(other.context({ env }), null);
  };

  it.each([
    "https://git.example.test/a.git",
    "git@git.example.test:a/b.git",
    "ssh://git@git.example.test/a.git",
    "http://127.0.0.1:8080/a.git",
  ])("is green for %s", async (url) => {
    expect(await judge(url)).toMatchObject({ status: "pass" });
  });

  it.each(["http://git.example.test/a.git", "git://git.example.test/a.git"])("is red for %s", async (url) => {
    expect(await judge(url)).toMatchObject({ status: "fail", reason: `gateway is read in plain text from ${url}` });
  });

  it.each([
    ["NODE_TLS_REJECT_UNAUTHORIZED", "0", "fail"],
    ["NODE_TLS_REJECT_UNAUTHORIZED", "1", "pass"],
    ["GIT_SSL_NO_VERIFY", "", "fail"],
  ])("with %s=%s is %s", async (name, value, status) => {
    expect(await judge("https://git.example.test/a.git", { [name]: value })).toMatchObject({ status });
  });
});

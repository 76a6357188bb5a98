import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seededRandom } from "../../statistics.ts";
import type { Result } from "../../types.ts";
import { type AskOptions, goodSecret, openCheckStage } from "../ask-check-fixture.ts";
import { findSecretDefect, lengthOf, looksRandom } from "./judge-secret.ts";

const numRuns = Number(process.env["FUZZ_RUNS"] ?? 100);

async function ask(id: string, config?: string, options?: AskOptions): Promise<Result | undefined> {
  await using stage = openCheckStage(config === undefined ? {} : { "mahavishnu.yaml": config });
  return (await stage.ask(id, options))[0];
}

async function askSecret(secret: string): Promise<Result | undefined> {
  return await ask("SEC004", undefined, { env: { AUTH: secret } });
}

describe("SEC001", () => {
  const off = "version: 1\nauth: { enabled: false }\n";

  it("fails in production and warns in development when authentication is off", async () => {
    expect(await ask("SEC001")).toMatchObject({ status: "pass", probe: "static" });
    expect(await ask("SEC001", off)).toMatchObject({ status: "fail", severity: "critical" });
    expect(await ask("SEC001", off, { profile: "development" })).toMatchObject({ status: "warn" });
  });

  it("stays red when the setting is, without starting anything", async () => {
    expect(await ask("SEC001", off, { live: true })).toMatchObject({ status: "fail", probe: "static" });
  });

  it("is no green when no server could be started", async () => {
    // The command of this stage is none of ours.
    expect((await ask("SEC001", undefined, { live: true }))?.status).not.toBe("pass");
  });
});

describe("SEC002", () => {
  it("says that nothing leaves this machine", async () => {
    expect(await ask("SEC002")).toMatchObject({ status: "pass", reason: /127\.0\.0\.1 alone/ });
  });
});

describe("SEC003", () => {
  it("fails when a scope names what the manifest does not have", async () => {
    const binding = '{ subject: "user:a", role: viewer, where: "@nope" }';
    const unknown = await ask("SEC003", `version: 1\naccess: { bindings: [${binding}] }\n`);
    expect(unknown?.status).toBe("fail");
    expect(unknown?.reason).toMatch(/^mahavishnu\.yaml:2:\d+: unknown selector "@nope"/);
  });
});

describe("SEC004", () => {
  it("takes a random secret of 32 characters, and not one of 31", async () => {
    const random = randomBytes(64).toString("base64url");
    expect(await askSecret(random.slice(0, 32))).toMatchObject({ status: "pass" });
    expect(await askSecret(random.slice(0, 31))).toMatchObject({
      status: "fail",
      reason: "auth.secret has 31 characters, 32 are needed",
    });
  });

  it("does not count white space around it, and counts characters, not bytes", async () => {
    const random = randomBytes(64).toString("base64url");
    expect(await askSecret(`  ${random.slice(0, 30)}  `)).toMatchObject({ status: "fail" });
    expect(lengthOf("ä".repeat(32))).toBe(32);
    expect(lengthOf("😀".repeat(31))).toBe(31);
  });

  it.each([
    ["changeme-changeme-changeme-changeme", "placeholder"],
    ["your-secret-key-at-least-32-characters-long", "placeholder"],
    ["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "pattern"],
    ["abc123abc123abc123abc123abc123abc123", "pattern"],
    ["abcdefghijklmnopqrstuvwxyz0123456789", "sequence"],
  ])("refuses %s", async (secret, what) => {
    const result = await askSecret(secret);
    expect(result).toMatchObject({ status: "fail", severity: "critical" });
    expect(result?.reason).toContain(what);
    expect(JSON.stringify(result)).not.toContain(secret);
  });

  it("warns of one that can be guessed and of one that is used twice", async () => {
    expect(await askSecret("mahavishnu mahavishnu production 2")).toMatchObject({
      status: "warn",
      reason: /can be guessed/,
    });
    const config = "version: 1\nauth: { secret: '${env:AUTH}' }\nsecrets: { A: '${env:OTHER}' }\n";
    expect(await ask("SEC004", config, { env: { OTHER: goodSecret } })).toMatchObject({
      status: "warn",
      reason: "auth.secret and secrets.A are the same",
    });
  });

  it("does not ask others' tokens for a length, but for no placeholder", async () => {
    const config = "version: 1\nauth: { secret: '${env:AUTH}' }\nsecrets: { A: '${env:OTHER}' }\n";
    expect(await ask("SEC004", config, { env: { OTHER: "k2J9xQ" } })).toMatchObject({ status: "pass" });
    expect(await ask("SEC004", config, { env: { OTHER: "changeme" } })).toMatchObject({ status: "fail" });
  });

  it("does not apply without a secret", async () => {
    expect(await ask("SEC004", "version: 1\nauth: { enabled: false }\n")).toMatchObject({ status: "notApplicable" });
  });
});

describe("judging secrets", () => {
  it.each(["base64", "base64url", "hex"] as const)(
    "takes 999 of 1000 secrets in %s for random at a glance",
    (encoding) => {
      const random = seededRandom(5);
      const secrets = Array.from({ length: 3_000 }, () =>
        Buffer.from(Array.from({ length: 32 }, () => Math.floor(random() * 256))).toString(encoding),
      );
      expect(secrets.filter(looksRandom).length).toBeGreaterThan(2_997);
      expect(secrets.filter((secret) => findSecretDefect(secret) !== undefined)).toEqual([]);
    },
  );

  it("takes no repetition, whatever is repeated", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 12 }), fc.integer({ min: 3, max: 9 }), (part, times) => {
        const secret = part.repeat(times);
        fc.pre(secret.trim() === secret);
        expect(findSecretDefect(secret)).toBeDefined();
      }),
      { numRuns },
    );
  });

  it("does not take sentences for random", () => {
    for (const text of ["the quick brown fox jumps over the lazy dog", "Correct-Horse-Battery-2024-Staple!"]) {
      expect(looksRandom(text)).toBe(false);
    }
  });
});

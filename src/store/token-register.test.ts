import { describe, expect, it } from "vitest";
import type { NewToken } from "./identity-contract.ts";
import { withStore } from "./store-fixture.ts";
import { expiredKeptMs } from "./token-register.ts";

const start = 1_700_000_000_000;
const kid = "k1";

function tokenOf(id: string, parts: Partial<NewToken> = {}): NewToken {
  const rights = { subject: "user:dana", name: null, role: null, scope: null };
  return {
    id,
    ...rights,
    kid,
    hash: id,
    createdBy: "local:test",
    createdAt: start,
    expiresAt: start + 1_000,
    ...parts,
  };
}

describe("the register of tokens", () => {
  it("forgets tokens that have expired long ago when one is added, and no other", async () => {
    await withStore(async (store) => {
      const key = { kid, algorithm: "HS256", publicJwk: null, sealed: "", createdAt: start } as const;
      await store.addSigningKey(key, { after: null, endOthers: false });
      await store.addToken(tokenOf("old"));
      await store.addToken(tokenOf("later", { expiresAt: start + 1_001 }));
      await store.addToken(tokenOf("revoked", { expiresAt: start + expiredKeptMs }));
      await store.revokeToken("revoked", { by: "local:test", time: start });
      const listed = async () => (await store.listTokens({ limit: 9 })).map(({ id }) => id);
      const createdAt = start + 1_000 + expiredKeptMs;
      await store.addToken(tokenOf("new", { createdAt, expiresAt: createdAt + 1_000 }));
      expect(await listed()).toEqual(["new", "revoked", "later", "old"]);
      await store.addToken(tokenOf("newer", { createdAt: createdAt + 1, expiresAt: createdAt + 1_000 }));
      expect(await listed()).toEqual(["newer", "new", "revoked", "later"]);
    });
  });
});

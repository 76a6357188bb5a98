import fastify from "fastify";
import { describe, expect, it } from "vitest";
import { withStore } from "../../store/store-fixture.ts";
import { RefusalTrail } from "./refusal-trail.ts";

describe("the trail of refusals", () => {
  it("is bounded for all addresses together, and counts each refusal once", async () => {
    await withStore(async (store) => {
      const refusals = new RefusalTrail({ store: async () => await Promise.resolve(store) });
      await using server = fastify();
      server.get("/", (request) => refusals.note(request, null, "no token was shown"));
      for (let n = 0; n < 400; n += 1) {
        await server.inject({ url: "/", remoteAddress: `10.0.${n >> 8}.${n & 255}` });
        if (n % 2 === 0) await server.inject({ url: "/", remoteAddress: "10.1.0.1" });
      }
      expect(await store.listAudit({ limit: 1000 })).toHaveLength(300);
      await refusals[Symbol.asyncDispose]();
      const entries = await store.listAudit({ limit: 1000, newestFirst: true });
      const counts = entries.slice(0, -300).map(({ from, reason }) => [from, Number(reason.split(" ")[0])]);
      expect(counts).toEqual([
        ["many addresses", 400 - 290],
        ["10.1.0.1", 200 - 10],
      ]);
    });
  });

  it("never fails, whatever the store does", async () => {
    await using refusals = new RefusalTrail({ store: async () => await Promise.reject(new Error("the disk is full")) });
    await using server = fastify();
    server.get("/", (request) => refusals.note(request, null, "no token was shown").then(() => "refused"));
    expect((await server.inject("/")).body).toBe("refused");
  });
});

import { describe, expect, it } from "vitest";
import { lookUpNames } from "./look-up-names.ts";

describe("looking up names", () => {
  it("tells of each what it is, or why it is not", async () => {
    const names = ["localhost", "127.0.0.1", "issuer.invalid", "localhost"];
    const found = await lookUpNames(names, new AbortController().signal);
    expect([...found.keys()].toSorted()).toEqual(["127.0.0.1", "issuer.invalid", "localhost"]);
    expect(found.get("127.0.0.1")).toMatchObject({ address: "127.0.0.1", code: null });
    expect(found.get("localhost")?.address).toMatch(/^(?:127\.|::1$)/);
    const lost = found.get("issuer.invalid");
    expect(lost?.address).toBeNull();
    expect(["ENOTFOUND", "EAI_AGAIN"]).toContain(lost?.code);
  });

  it("is broken off with the signal, and leaves out what is not known by then", async () => {
    expect(await lookUpNames(["localhost"], AbortSignal.abort())).toEqual(new Map());
  });
});

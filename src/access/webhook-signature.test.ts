import { createHmac, randomBytes } from "node:crypto";
import * as fc from "fast-check";
import { Webhook } from "standardwebhooks";
import { describe, expect, it } from "vitest";
import { Secret } from "../lib/secret.ts";
import {
  type MessageHeaders,
  proveMessage,
  readSigningKey,
  type SignatureRules,
  signMessage,
} from "./webhook-signature.ts";

const runs = Number(process.env["FUZZ_RUNS"] ?? 100);
const now = 1_800_000_000_000;
const secretText = `whsec_${randomBytes(32).toString("base64")}`;
const key = readSigningKey(new Secret(secretText), "secret");
const rules: SignatureRules = { scheme: "standard", keys: [key], windowMs: 300_000, now };
const peer = new Webhook(secretText);
const body = '{"ref":"main"}';
const refusedOf = (headers: MessageHeaders, text = body, more: Partial<SignatureRules> = {}): string => {
  const answer = proveMessage({ headers, body: Buffer.from(text) }, { ...rules, ...more });
  return "refused" in answer ? answer.refused : `proved ${answer.id}`;
};
/** Headers as the library of Standard Webhooks signs them. */
const peerHeaders = (id: string, sentAt: number, text = body): Record<string, string> => ({
  "webhook-id": id,
  "webhook-timestamp": String(Math.floor(sentAt / 1000)),
  "webhook-signature": peer.sign(id, new Date(sentAt), text),
});

describe("Standard Webhooks", () => {
  it("are proved when the library of the standard has signed them", () => {
    expect(proveMessage({ headers: peerHeaders("msg_1", now), body: Buffer.from(body) }, rules)).toEqual({
      id: "msg_1",
      sentAt: now,
    });
  });

  it("are signed so that the library of the standard believes them, with any body", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary" }).map((text) => text.toWellFormed()),
        (text) => {
          // The library compares with its own clock.
          const timestamp = Math.floor(Date.now() / 1000);
          const headers = signMessage({ id: "msg_1", timestamp, body: JSON.stringify(text), keys: [key] });
          expect(peer.verify(JSON.stringify(text), headers)).toBe(text);
        },
      ),
      { numRuns: runs },
    );
  });

  it("count within the window, to the second, before and after", () => {
    for (const [offset, said] of [
      [-300_000, "proved msg_1"],
      [300_000, "proved msg_1"],
      [-301_000, "its time stamp is too old"],
      [301_000, "its time stamp is in the future"],
    ] as const) {
      expect(refusedOf(peerHeaders("msg_1", now + offset))).toBe(said);
    }
    expect(refusedOf(peerHeaders("msg_1", now - 300_000), body, { now: now + 1 })).toBe("its time stamp is too old");
  });

  it("do not count with one bit of the body, the id, the time stamp or the signature changed", () => {
    const headers = peerHeaders("msg_1", now);
    fc.assert(
      fc.property(
        fc.constantFrom("body", ...Object.keys(headers)),
        fc.nat(),
        fc.integer({ min: 0, max: 6 }),
        (place, at, bit) => {
          const flip = (text: string): string => {
            const bytes = Buffer.from(text);
            const index = at % bytes.length;
            bytes[index] = (bytes[index] ?? 0) ^ (1 << bit);
            return bytes.toString("latin1");
          };
          const changed = place === "body" ? headers : { ...headers, [place]: flip(headers[place] ?? "") };
          const text = place === "body" ? flip(body) : body;
          // The last character before base64's padding has two bits that mean nothing.
          const isSame = Buffer.from((changed["webhook-signature"] ?? "").slice(3), "base64").equals(
            Buffer.from((headers["webhook-signature"] ?? "").slice(3), "base64"),
          );
          fc.pre(place !== "webhook-signature" || !isSame);
          expect(refusedOf(changed, text)).not.toContain("proved");
        },
      ),
      { numRuns: runs },
    );
  });

  it("count while keys are being changed, when one signature of several is by one key of several", () => {
    const other = randomBytes(32);
    const signed = (keys: readonly Buffer[]) => signMessage({ id: "m", timestamp: now / 1000, body, keys });
    expect(refusedOf(signed([other]), body, { keys: [key, other] })).toBe("proved m");
    expect(refusedOf(signed([other, key]))).toBe("proved m");
    expect(refusedOf(signed([other]))).toBe("its signature is not right");
    const headers = signed([key]);
    const more = { ...headers, "webhook-signature": `v1a,AAAA v2,BBBB ${headers["webhook-signature"]}` };
    expect(refusedOf(more)).toBe("proved m");
    const tooMany = { ...headers, "webhook-signature": `${"v1,AAAA ".repeat(10)}${headers["webhook-signature"]}` };
    expect(refusedOf(tooMany)).toBe("its signature is not right");
  });

  it("do not count with a header that is missing, empty or there twice", () => {
    const headers = peerHeaders("msg_1", now);
    for (const name of Object.keys(headers)) {
      const { [name]: value = "", ...rest } = headers;
      for (const wrong of [
        rest,
        { ...rest, [name]: "" },
        { ...rest, [name]: [value, value] },
        { ...rest, [name]: `${value}, ${value}` },
      ]) {
        expect(refusedOf(wrong)).toContain("it lacks one of");
      }
    }
  });

  it("do not count with what is no id or no time, even when it is signed", () => {
    const sign = (id: string, stamp: string): MessageHeaders => {
      const digest = createHmac("sha256", key).update(`${id}.${stamp}.${body}`).digest("base64");
      return { "webhook-id": id, "webhook-timestamp": stamp, "webhook-signature": `v1,${digest}` };
    };
    const seconds = String(now / 1000);
    expect(refusedOf(sign("a".repeat(256), seconds))).toContain("proved");
    for (const id of ["a".repeat(257), "a b", "a\u0000", "å"])
      expect(refusedOf(sign(id, seconds))).toBe("its id is no id");
    for (const stamp of ["1e9", "-1", "now", `${seconds}.5`, "999999999999", " 1", "0x10"])
      expect(refusedOf(sign("a", stamp))).toBe("its time stamp is no time");
  });
});

describe("GitHub's way", () => {
  // The example of GitHub's own documentation.
  const github = {
    ...rules,
    scheme: "github",
    keys: [readSigningKey(new Secret("It's a Secret to Everybody"), "secret")],
  } as const;
  const text = "Hello, World!";
  const headers = {
    "x-github-delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
    "x-hub-signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
  };

  it("is the one of its documentation", () => {
    expect(refusedOf(headers, text, github)).toMatch(/^proved sha256:[0-9a-f]{64}$/);
  });

  it("tells messages by what is signed, since the id is not", () => {
    expect(refusedOf({ ...headers, "x-github-delivery": "another" }, text, github)).toBe(
      refusedOf(headers, text, github),
    );
  });

  it("is refused when anything is missing or changed", () => {
    const { "x-github-delivery": id, "x-hub-signature-256": signature } = headers;
    expect(refusedOf(headers, `${text} `, github)).toBe("its signature is not right");
    expect(refusedOf({ "x-hub-signature-256": signature }, text, github)).toContain("it lacks");
    expect(refusedOf({ "x-github-delivery": id }, text, github)).toContain("it lacks");
    for (const wrong of [
      signature.slice(7),
      signature.toUpperCase(),
      `${signature}0`,
      `sha1=${signature.slice(7)}`,
      "sha256=",
    ])
      expect(refusedOf({ ...headers, "x-hub-signature-256": wrong }, text, github)).toBe("its signature is not right");
    expect(refusedOf({ ...headers, "x-hub-signature-256": `${signature}, ${signature}` }, text, github)).toContain(
      "it lacks",
    );
    expect(refusedOf(headers, text, { ...github, keys: [key] })).toBe("its signature is not right");
    expect(refusedOf(headers, text)).toContain("it lacks");
  });
});

describe("the secret of a webhook", () => {
  it("is what its base64 says after whsec_, and otherwise the text itself", () => {
    const bytes = randomBytes(24);
    expect(readSigningKey(new Secret(`whsec_${bytes.toString("base64")}`), "x")).toEqual(bytes);
    expect(readSigningKey(new Secret("a".repeat(24)), "x").toString()).toBe("a".repeat(24));
  });

  it.each(["a".repeat(23), `whsec_${Buffer.alloc(23, 7).toString("base64")}`, "whsec_no base64 at all, is it"])(
    "is refused when it is short or wrong, and never shown: %s",
    (text) => {
      expect(() => readSigningKey(new Secret(text), "webhooks.incoming.a.secret")).toThrow(
        expect.objectContaining({
          code: "WEBHOOK_SECRET",
          message: expect.not.stringContaining(text) as string,
        }) as Error,
      );
    },
  );
});

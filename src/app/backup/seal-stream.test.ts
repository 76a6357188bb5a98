import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import { createSeal, createUnseal } from "./seal-stream.ts";

const secret = "a secret of at least thirty-two characters";

async function seal(text: Buffer): Promise<Buffer> {
  return await buffer(Readable.from([text]).pipe(createSeal(secret)));
}

async function unseal(sealed: Buffer, key = secret, step = 5_000): Promise<Buffer> {
  const parts = Array.from({ length: Math.ceil(sealed.length / step) }, (_, index) =>
    sealed.subarray(index * step, (index + 1) * step),
  );
  const stream = createUnseal(key);
  const result = buffer(stream);
  Readable.from(parts).pipe(stream);
  return await result;
}

const chunk = 64 * 1024;
const head = 18 + 16 + 7;

describe("an encrypted stream", () => {
  it.each([0, 1, chunk, chunk + 1])("of %i bytes comes back, and never looks the same twice", async (length) => {
    const text = Buffer.alloc(length, "mahavishnu ");
    const sealed = await seal(text);
    expect(sealed.length).toBe(head + length + 16 * Math.max(1, Math.ceil(length / chunk)));
    expect(sealed.includes("mahavishnu mahavishnu")).toBe(false);
    expect((await unseal(sealed)).equals(text)).toBe(true);
    expect((await seal(text)).equals(sealed)).toBe(false);
  });

  it("does not come back with another key, cut off anywhere, changed in a bit, or with its parts moved", async () => {
    const sealed = await seal(Buffer.alloc(3 * chunk, 1));
    await expect(unseal(sealed, `${secret}!`)).rejects.toThrow("the key is another one");
    const part = chunk + 16;
    for (const length of [0, head + 5, head + part, sealed.length - 1]) {
      await expect(unseal(sealed.subarray(0, length))).rejects.toThrow("cannot be decrypted");
    }
    for (const at of [20, head + 100, sealed.length - 1]) {
      const changed = Buffer.from(sealed);
      changed[at] = (changed[at] ?? 0) ^ 1;
      await expect(unseal(changed)).rejects.toThrow("cannot be decrypted");
    }
    const [first, second, third] = [0, 1, 2].map((index) =>
      sealed.subarray(head + index * part, head + (index + 1) * part),
    );
    const begin = sealed.subarray(0, head);
    for (const order of [
      [second, first, third],
      [first, third],
      [first, second],
      [first, second, third, third],
    ]) {
      await expect(unseal(Buffer.concat([begin, ...order.map((item) => item ?? begin)]))).rejects.toThrow(
        "cannot be decrypted",
      );
    }
  });
});

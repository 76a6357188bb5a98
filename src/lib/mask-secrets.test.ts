import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createMask, formsOf, maskText } from "./mask-secrets.ts";

const numRuns = Number(process.env["FUZZ_RUNS"] ?? 100);

/** The text as it comes out when it goes in in pieces. */
function maskInPieces(text: string | Buffer, secrets: readonly string[], sizes: readonly number[]): string {
  const mask = createMask(secrets);
  const bytes = Buffer.from(text as string);
  const out: Buffer[] = [];
  for (let at = 0, n = 0; at < bytes.length; n += 1) {
    const size = sizes[n % sizes.length] ?? 1;
    out.push(mask.push(bytes.subarray(at, at + size)));
    at += size;
  }
  return Buffer.concat([...out, mask.end()]).toString();
}

describe("maskText", () => {
  it.each([
    ["as it is", "password hunter2!", "password ***!"],
    ["in base64", `x ${Buffer.from("hunter2").toString("base64")} y`, "x *** y"],
    ["in base64 without padding", "aHVudGVyMg", "***"],
    ["twice", "hunter2 hunter2", "*** ***"],
    ["side by side", "hunter2hunter2", "******"],
    ["not at all", "hunter", "hunter"],
  ])("finds a secret %s", (_, text, masked) => {
    expect(maskText(text, ["hunter2"])).toBe(masked);
  });

  it("finds a secret in JSON, in a URL and as part of basic authentication", () => {
    const secret = 'p"a/s s\\1+ü';
    expect(maskText(JSON.stringify({ secret }), [secret])).toBe('{"secret":"***"}');
    expect(maskText(`https://x.test/?t=${encodeURIComponent(secret)}`, [secret])).toBe("https://x.test/?t=***");
    for (const user of ["u", "us", "use", "user"]) {
      const masked = maskText(Buffer.from(`${user}:${secret}@host`).toString("base64"), [secret]);
      const [before, after, ...more] = masked
        .split("***")
        .map((part) => Buffer.from(part, "base64").toString("latin1"));
      expect(more).toEqual([]);
      // A neighbour's character may carry a few bits of the secret's first or last one.
      expect(before).toMatch(new RegExp(`^${user}:?.?$`));
      expect(Math.abs((after ?? "").length - "@host".length)).toBeLessThanOrEqual(1);
    }
  });

  it("hides each line of a secret of several lines, and nothing that is too short to tell", () => {
    const key = "-----BEGIN KEY-----\nabcdEFGH\n  ij\n-----END KEY-----";
    expect(maskText("log: abcdEFGH\nlog: ij", [key])).toBe("log: ***\nlog: ij");
    expect(maskText("a abc", ["abc", ""])).toBe("a abc");
  });

  it("hides the longer of two secrets that begin alike, and both of two that overlap", () => {
    expect(maskText("hunter2000", ["hunter", "hunter2000"])).toBe("***");
    expect(maskText("abcdefghij!", ["abcdef", "efghij"])).toBe("***!");
  });

  it("leaves other text as it is, whatever it is", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        fc.pre(!formsOf("hunter2").some((form) => text.includes(form)));
        expect(maskText(text, ["hunter2"])).toBe(Buffer.from(text).toString());
      }),
      { numRuns },
    );
  });
});

describe("createMask", () => {
  // Few letters, so that secrets overlap, repeat and begin alike.
  const word = fc.string({ unit: fc.constantFrom("a", "b", "\n", "%", "ü"), minLength: 4, maxLength: 9 });
  const secrets = fc.array(word, { minLength: 1, maxLength: 3 });
  const textWith = (hidden: readonly string[]): fc.Arbitrary<string> => {
    const forms = hidden.flatMap(formsOf);
    const piece = fc.oneof(
      fc.constantFrom(...forms),
      fc.constantFrom(...forms).map((form) => form.slice(0, -1)),
      word,
    );
    return fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(""));
  };
  const cases = secrets.chain((hidden) => fc.tuple(fc.constant(hidden), textWith(hidden)));
  const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 });

  it("never shows any form of a secret, and shows the same however the text is cut", () => {
    fc.assert(
      fc.property(cases, sizes, ([hidden, text], cut) => {
        const masked = maskInPieces(text, hidden, cut);
        expect(masked).toBe(maskInPieces(text, hidden, [text.length * 4 + 1]));
        // `***` itself may touch what follows it; the pieces between are what was shown of the text.
        for (const form of hidden.flatMap(formsOf)) expect(masked.split("***").join("\0")).not.toContain(form);
      }),
      { numRuns },
    );
  });

  it("shows every byte that belongs to no secret, in order", () => {
    fc.assert(
      fc.property(cases, sizes, ([hidden, text], cut) => {
        const bytes = Buffer.from(text).toString("latin1");
        const covered = new Uint8Array(bytes.length);
        for (const form of hidden.flatMap(formsOf).map((each) => Buffer.from(each).toString("latin1"))) {
          for (let at = bytes.indexOf(form); at !== -1; at = bytes.indexOf(form, at + 1))
            covered.fill(1, at, at + form.length);
        }
        const expected = bytes
          .split("")
          .filter((_, at) => covered[at] === 0)
          .join("");
        const masked = Buffer.from(maskInPieces(text, hidden, cut)).toString("latin1");
        expect(masked.replaceAll("***", "")).toBe(expected);
      }),
      { numRuns },
    );
  });

  it("gives what cannot begin a secret at once, and keeps back what can", () => {
    const mask = createMask(["hunter2"]);
    expect(mask.push(Buffer.from("one hun")).toString()).toBe("one ");
    expect(mask.push(Buffer.from("gry\n")).toString()).toBe("hungry\n");
    expect(mask.push(Buffer.from("hunter")).toString()).toBe("");
    expect(mask.end().toString()).toBe("hunter");
    expect(mask.end().toString()).toBe("");
  });

  it("keeps bytes that are no text as they are", () => {
    const bytes = Buffer.from([0xff, 0x00, 0xc3, 0x28, 0x80]);
    expect(createMask(["hunter2"]).push(bytes)).toEqual(bytes);
  });

  it("looks at each byte a bounded number of times: long secrets and small chunks do not make it quadratic", () => {
    // A secret of 8 KiB that the output nearly fits again and again, in chunks of a line.
    const secret = `${"ab".repeat(4_096)}!`;
    const line = Buffer.from(`${"ab".repeat(40)}\n`);
    const work = (lines: number): number => {
      const mask = createMask([secret]);
      const before = process.cpuUsage().user;
      for (let n = 0; n < lines; n += 1) mask.push(line);
      return process.cpuUsage().user - before;
    };
    work(2_000);
    const [few, many] = [work(2_000), work(16_000)];
    expect(many).toBeLessThan(40 * few + 50_000);
  });
});

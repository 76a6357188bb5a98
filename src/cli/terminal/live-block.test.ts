import { setTimeout as delay } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CapturedStream } from "../../../test/support/capture-cli.ts";
import { VirtualTerminal } from "../../../test/support/virtual-terminal.ts";
import { LiveBlock } from "./live-block.ts";

/** What a person sees after all that was written. */
function see(stream: CapturedStream): VirtualTerminal {
  const terminal = new VirtualTerminal();
  terminal.write(stream.text);
  return terminal;
}

const terminalStream = (height: number = 24): CapturedStream => new CapturedStream({ width: 80, height });

describe("LiveBlock", () => {
  it("draws again in place", async () => {
    const stream = terminalStream();
    using block = new LiveBlock(stream);
    block.draw(() => ["one", "two"]);
    expect(see(stream).screen).toEqual(["one", "two"]);
    block.draw(() => ["three"]);
    await delay(150);
    expect(see(stream).screen).toEqual(["three"]);
  });

  it("prints lines that stay above it, and puts its end in its place", () => {
    const stream = terminalStream();
    using block = new LiveBlock(stream);
    block.draw(() => ["11 done", "3 running"]);
    block.print(["a note"]);
    expect(see(stream).screen).toEqual(["a note", "11 done", "3 running"]);
    block.end(["all done"]);
    expect(see(stream).screen).toEqual(["a note", "all done"]);
  });

  it("draws at most ten frames a second, and the last one always", async () => {
    const stream = terminalStream();
    using block = new LiveBlock(stream);
    let frames = 0;
    for (let n = 1; n <= 500; n += 1) {
      block.draw(() => {
        frames += 1;
        return [`frame ${n}`];
      });
    }
    expect(frames).toBe(1);
    await delay(150);
    expect(frames).toBe(2);
    expect(see(stream).screen).toEqual(["frame 500"]);
  });

  it("goes on by itself, so that clocks do not stand still", async () => {
    const stream = terminalStream();
    let seconds = 0;
    using block = new LiveBlock(stream);
    block.draw(() => [`${(seconds += 1)}`]);
    await delay(1_200);
    expect(see(stream).screen).toEqual(["2"]);
  });

  it("is never higher than the terminal", () => {
    const stream = terminalStream(5);
    using block = new LiveBlock(stream);
    block.draw(() => Array.from({ length: 50 }, (_, row) => `row ${row}`));
    expect(see(stream).screen).toEqual(["row 0", "row 1", "row 2", "row 3"]);
  });

  it("leaves the cursor shown after every write", () => {
    const stream = terminalStream();
    using block = new LiveBlock(stream);
    block.draw(() => ["one"]);
    expect(see(stream).cursorShown).toBe(true);
    expect(stream.text).toContain("\u001B[?25l");
  });

  it("writes nothing but plain lines when nobody looks", () => {
    const stream = new CapturedStream();
    using block = new LiveBlock(stream);
    block.draw(() => ["never shown"]);
    block.print(["a note"]);
    block.end(["the end"]);
    expect(stream.text).toBe("a note\nthe end\n");
  });

  it("leaves no timer behind", async () => {
    const stream = terminalStream();
    {
      using block = new LiveBlock(stream);
      block.draw(() => ["one"]);
      block.draw(() => ["two"]);
    }
    const { text } = stream;
    await delay(150);
    expect(stream.text).toBe(text);
  });

  it("shows what was printed, in order, whatever happens in between", () => {
    const line = fc.stringMatching(/^[a-z]{1,8}$/);
    const action = fc.record({
      kind: fc.constantFrom("draw" as const, "print" as const, "end" as const),
      lines: fc.array(line, { maxLength: 4 }),
    });
    fc.assert(
      fc.property(fc.array(action, { maxLength: 12 }), (actions) => {
        const stream = terminalStream();
        using block = new LiveBlock(stream);
        const stay: string[] = [];
        for (const { kind, lines } of actions) {
          if (kind === "draw") block.draw(() => lines);
          else block[kind](lines);
          if (kind !== "draw") stay.push(...lines);
        }
        block.end();
        expect(see(stream).screen).toEqual(stay);
      }),
      { numRuns: Number(process.env["FUZZ_RUNS"] ?? 100) },
    );
  });
});

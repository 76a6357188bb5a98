import { type TokenRegister, type TokenUse } from "../store/identity-contract.ts";
import { useWrittenEveryMs } from "../store/token-register.ts";

/** Remembers when tokens were used, and writes it down later: nobody waits for it, and a crash loses little. */
export interface TokenUses extends AsyncDisposable {
  note(use: TokenUse): void;
}

/** Uses that come within this time share one write; milliseconds. */
const gatherMs = 1_000;
/** More tokens than this are not remembered; the register itself writes each at most once a minute. */
const maxRemembered = 10_000;

/** What is noted is written in batches, each token at most once a minute. */
export function createTokenUses(register: Pick<TokenRegister, "noteTokenUses">): TokenUses {
  const written = new Map<string, number>();
  const waiting = new Map<string, TokenUse>();
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> = Promise.resolve();

  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (waiting.size === 0) return;
    const uses = [...waiting.values()];
    waiting.clear();
    // When a token was used last is good to know, and no reason to refuse a request.
    writing = register.noteTokenUses(uses).catch(() => {});
  };

  return {
    note: (use) => {
      const last = written.get(use.id);
      if (last !== undefined && use.time - last < useWrittenEveryMs) return;
      if (written.size >= maxRemembered) written.clear();
      written.set(use.id, use.time);
      waiting.set(use.id, use);
      timer ??= setTimeout(flush, gatherMs).unref();
    },
    [Symbol.asyncDispose]: async () => {
      flush();
      await writing;
    },
  };
}

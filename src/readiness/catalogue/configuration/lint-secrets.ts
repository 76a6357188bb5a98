import { lintSource } from "@secretlint/core";
import { creator } from "@secretlint/secretlint-rule-preset-recommend";
import type { PlainTextSecret } from "./find-plain-text.ts";

/**
 * Asks secretlint for its opinion on a text. It knows the tokens of many more providers than our own rule; it is heavy, so
 * load this file only when there is something to ask about.
 */
export async function lintSecrets(file: string, text: string): Promise<readonly PlainTextSecret[]> {
  const { messages } = await lintSource({
    source: { filePath: file, content: text, ext: ".yaml", contentType: "text" },
    options: {
      config: { rules: [{ id: "@secretlint/secretlint-rule-preset-recommend", rule: creator }] },
      noPhysicFilePath: true,
      maskSecrets: true,
    },
  });
  return messages.map(({ loc, ruleId }) => ({
    line: loc.start.line,
    what: `a secret (${ruleId.replace("@secretlint/secretlint-rule-", "")})`,
  }));
}

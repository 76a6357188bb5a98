import { count } from "../../../lib/count.ts";
import type { SecretOutcome } from "../../../config/secret-references.ts";
import type { CheckDefinition } from "../../definition.ts";
import type { Outcome } from "../../types.ts";
import { followReferences } from "../configuration/cfg008-references.ts";
import { needsConfig } from "../needs-config.ts";
import { findSecretDefect, leastSecretLength, lengthOf, looksRandom } from "./judge-secret.ts";

/** Guesses, as a power of ten, below which a secret is weak: far beyond what anybody can try. */
const leastStrength = 18;

/** A secret of the configuration with its value. */
interface KnownSecret {
  readonly path: string;
  readonly value: string;
}

/** Secrets cannot be guessed. */
export const sec004: CheckDefinition = {
  id: "SEC004",
  title: "secrets are long and strong",
  kind: "check",
  category: "security",
  severity: "critical",
  security: true,
  verifies:
    "The secret that signs tokens has at least 32 characters. No secret is a placeholder or a repeated pattern; one that is weak, or used twice, is a warning.",
  how: {
    static:
      "counts characters as they are configured, without surrounding white space, and estimates how many guesses a secret withstands",
  },
  advice: {
    text: "Make a random one:",
    command: `node -e 'console.log(require("node:crypto").randomBytes(32).toString("base64url"))'`,
  },
  dependsOn: [...needsConfig, "CFG008"],
  static: async (context) => {
    const secrets = (await followReferences(context)).flatMap(knownSecret);
    if (secrets.length === 0) return { status: "notApplicable", reason: "the configuration names no secret" };
    const expected = `at least ${leastSecretLength} characters for auth.secret, and no placeholder or pattern`;
    const defects = secrets.flatMap(findDefects);
    if (defects.length > 0) return withEvidence("fail", defects, expected);
    const weak = [...(await findWeak(secrets)), ...findReuse(secrets)];
    if (weak.length > 0) return withEvidence("warn", weak, expected);
    return {
      status: "pass",
      reason: `${secrets.map(({ path }) => path).join(", ")}: long enough and hard to guess`,
      expected,
    };
  },
};

function knownSecret({ path, result }: SecretOutcome): KnownSecret[] {
  return result.ok ? [{ path, value: result.value.reveal() }] : [];
}

function findDefects({ path, value }: KnownSecret): string[] {
  const length = lengthOf(value);
  const short =
    path === "auth.secret" && length < leastSecretLength
      ? [`${path} has ${count(length, "character", "characters")}, ${leastSecretLength} are needed`]
      : [];
  const defect = findSecretDefect(value);
  return defect === undefined ? short : [...short, `${path}: ${defect.text}`];
}

/** Tokens of others are theirs to make; only the secret that signs tokens is judged by its strength. */
async function findWeak(secrets: readonly KnownSecret[]): Promise<string[]> {
  const doubtful = secrets.filter(({ path, value }) => path === "auth.secret" && !looksRandom(value));
  if (doubtful.length === 0) return [];
  const { estimateStrength } = await import("./estimate-strength.ts");
  return doubtful
    .filter(({ value }) => estimateStrength(value) < leastStrength)
    .map(({ path }) => `${path} is long enough, but can be guessed`);
}

function findReuse(secrets: readonly KnownSecret[]): string[] {
  return [...Map.groupBy(secrets, ({ value }) => value.trim()).values()]
    .filter((same) => same.length > 1)
    .map((same) => `${same.map(({ path }) => path).join(" and ")} are the same`);
}

function withEvidence(status: "fail" | "warn", texts: readonly string[], expected: string): Outcome {
  return { status, reason: texts.join("; "), expected, evidence: texts.map((text) => ({ kind: "value", text })) };
}

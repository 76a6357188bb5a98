import type { Masking } from "../../lib/mask-secrets.ts";
import type { LineSink } from "./line-log.ts";

/** Hides secrets in every line before anybody gets it, in all forms that `formsOf` knows. A line stays JSON. */
export function maskLines(masking: Masking, write: LineSink): LineSink {
  if (masking.isEmpty) return write;
  return (line) => {
    const shown = masking.text(line);
    write(shown === line || isJson(shown) ? shown : reduceLine());
  };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** What is left of a line whose very form was a secret. */
function reduceLine(): string {
  return JSON.stringify({ level: "warn", time: new Date().toISOString(), message: "***" });
}

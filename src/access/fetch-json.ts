import { askIssuer, type FetchLimits } from "./ask-issuer.ts";

/**
 * Gets a JSON document from an issuer; see `askIssuer`.
 *
 * @throws Error that says what went wrong, without any of the document.
 */
export async function fetchJson(address: string, limits: FetchLimits): Promise<unknown> {
  const request = { method: "GET", headers: { accept: "application/json" } };
  const { status, body } = await askIssuer(address, request, limits);
  const { origin } = new URL(address);
  if (status !== 200) throw new Error(`${origin} answered ${status}`);
  try {
    return JSON.parse(body) as unknown;
  } catch (error) {
    throw new Error(`${origin} gave no JSON`, { cause: error });
  }
}

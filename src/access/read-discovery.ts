import { isJsonObject } from "../lib/json.ts";
import type { FetchLimits } from "./ask-issuer.ts";
import { fetchJson } from "./fetch-json.ts";

/** Reads what an issuer says about itself. @throws Error when it cannot be read, or speaks of another issuer. */
export async function readDiscovery(issuer: string, limits: FetchLimits): Promise<Readonly<Record<string, unknown>>> {
  const document = await fetchJson(`${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`, limits);
  if (isJsonObject(document) && document["issuer"] === issuer) return document;
  throw new Error("its discovery document names another issuer");
}

import type { FastifyRequest } from "fastify";
import { MahavishnuError } from "../../lib/errors.ts";

/** Refuses a query where none is read. @throws MahavishnuError USAGE */
export function refuseQuery({ query }: Pick<FastifyRequest, "query">): void {
  const [unknown] = Object.keys(query as object);
  if (unknown === undefined) return;
  throw new MahavishnuError("USAGE", `query has no ${JSON.stringify(unknown)}`, {
    fix: "See /openapi.json for what may be sent.",
  });
}

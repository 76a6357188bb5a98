import type { FastifyRequest } from "fastify";
import type { Subject } from "../../access/subject.ts";

/** Who asks, and from where. */
export interface IdentifiedCaller {
  readonly subject: Subject;
  /** The address that the request came from. */
  readonly from: string;
}

/** Tells who sent a request. @throws MahavishnuError UNAUTHENTICATED */
export type CallerOf = (request: FastifyRequest) => Promise<IdentifiedCaller>;

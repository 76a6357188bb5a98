import type { FastifyRequest } from "fastify";

/** What is known of a request once it has been understood. */
export interface RequestNote {
  /** Who asks. */
  readonly actor?: string;
  /** The run that it is about, or that it has begun; may be the beginning of an id where there is no such run. */
  readonly runId?: string;
}

/** What routes find out about requests, for the log. */
export class NotedRequests {
  readonly #notes = new WeakMap<FastifyRequest, RequestNote>();

  /** Adds to what is known. */
  note(request: FastifyRequest, note: RequestNote): void {
    this.#notes.set(request, { ...this.#notes.get(request), ...note });
  }

  /** What is known; nothing when nobody has noted anything. */
  of(request: FastifyRequest): RequestNote {
    return this.#notes.get(request) ?? {};
  }
}

import { createRequire } from "node:module";

/** What Prism's own packages offer to a program, as far as it is used here. */
interface PrismServer {
  listen(port: number, host: string): Promise<string>;
  close(): Promise<void>;
}

interface PrismModules {
  createServer(operations: readonly unknown[], options: object): PrismServer;
  getHttpOperationsFromSpec(document: object): Promise<readonly unknown[]>;
  createLogger(name: string, options: object): object;
}

/** They are found from Prism's command line, which is what is depended on. */
function loadPrism(): PrismModules {
  const near = createRequire(createRequire(import.meta.url).resolve("@stoplight/prism-cli"));
  const { createServer } = near("@stoplight/prism-http-server") as Pick<PrismModules, "createServer">;
  const { getHttpOperationsFromSpec } = near("@stoplight/prism-http") as Pick<
    PrismModules,
    "getHttpOperationsFromSpec"
  >;
  const { createLogger } = near("@stoplight/prism-core") as Pick<PrismModules, "createLogger">;
  return { createServer, getHttpOperationsFromSpec, createLogger };
}

/** A Prism that listens. */
export interface RunningPrism extends AsyncDisposable {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
}

/**
 * Starts Prism in front of a server, as `prism proxy --errors` does: a request or an answer that the document does not allow is
 * answered by Prism with a problem of its own.
 */
export async function startPrism(document: object, upstream: string): Promise<RunningPrism> {
  const { createServer, getHttpOperationsFromSpec, createLogger } = loadPrism();
  const server = createServer(await getHttpOperationsFromSpec(document), {
    cors: false,
    config: {
      isProxy: true,
      upstream: new URL(upstream),
      validateRequest: true,
      validateResponse: true,
      checkSecurity: true,
      errors: true,
      mock: { dynamic: false },
    },
    components: { logger: createLogger("prism", { level: "silent" }) },
  });
  const url = await server.listen(0, "127.0.0.1");
  return { url, [Symbol.asyncDispose]: async () => await server.close() };
}

/** A bare fastify route that answers with the text of a file: what a request costs when nothing is done for it. Prints its port. */
import { readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import fastify from "fastify";

const body = readFileSync(process.argv[2] as string, "utf8");
const server = fastify({ logger: false });
server.get("/", async (_request, reply) => await reply.type("application/json").send(body));
await server.listen({ host: "127.0.0.1", port: 0 });
process.stdout.write(`ready http://127.0.0.1:${(server.server.address() as AddressInfo).port}/\n`);

import type { Command } from "commander";
import { declareCommand, type Shell } from "../declare.ts";

/** Declares `serve`. */
export function declareServe(program: Command, shell: Shell): void {
  declareCommand(program, shell, {
    name: "serve",
    summary: "share the workspace over HTTP",
    description:
      "Share the workspace over HTTP: the API of /openapi.json, events as they happen, and the execution of detached runs. " +
      "TERM or Ctrl-C stops it: what goes on may end within server.drain, the rest is left to another server.",
    examples: [
      ["mahavishnu serve", "at http://127.0.0.1:8680, or where `server:` of the configuration says"],
      ["mahavishnu serve --set server.port=0", "at a free port, which is printed"],
    ],
    exitCodes: { 0: "it was stopped", 1: "it cannot listen, or it would not be safe" },
    output: { formats: ["text", "ndjson"], files: false },
    run: async ({ options, io }) => (await import("./serve-run.ts")).runServe(options, io),
  });
}

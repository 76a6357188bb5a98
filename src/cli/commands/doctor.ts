import type { Command } from "commander";
import { declareCommand, type Shell } from "../declare.ts";

/** Declares `doctor`. */
export function declareDoctor(program: Command, shell: Shell): void {
  declareCommand(program, shell, {
    name: "doctor",
    summary: "look at this machine: Node, git, disk sync, limits, clock, network",
    description:
      "Look at this machine, and say what stands in the way and what to do about it. Everything is looked at side by side and " +
      "within 5 s; nothing is changed or left behind. Without a workspace the machine alone is looked at.",
    examples: [
      ["mahavishnu doctor", "before the first run, and when something is odd"],
      ["mahavishnu doctor -o json", "for a ticket"],
    ],
    exitCodes: { 0: "all is well", 1: "something does not work", 2: "it works, with reservations" },
    notes: "What the workspace itself lacks: mahavishnu production check-config. See docs/retention.md.",
    run: async ({ options, io }) => (await import("./doctor-run.ts")).runDoctorCommand(options, io),
  });
}

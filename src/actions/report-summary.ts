import { randomBytes } from "node:crypto";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import type { RunSummary } from "../engine/contract.ts";
import { finallyKey } from "../engine/plan.ts";
import { defineAction } from "./define-action.ts";
import { renderJunitReport } from "./render-junit-report.ts";
import { renderMarkdownReport } from "./render-markdown-report.ts";

const formats = {
  markdown: { extension: "md", render: renderMarkdownReport },
  junit: { extension: "junit.xml", render: renderJunitReport },
  json: { extension: "json", render: renderJsonReport },
} as const;

const Input = z.strictObject({
  formats: z
    .array(z.enum(["markdown", "junit", "json"]))
    .min(1)
    .default(["markdown"])
    .describe("What is written."),
  name: z
    .string()
    .regex(
      /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/,
      "names are letters, digits, dot, _ and -, and begin with a letter or digit",
    )
    .default("summary")
    .describe("Name of the files, without their extension."),
});

/** `report/summary`: writes what the run has done so far into the folder of the run. */
export const reportSummary = defineAction({
  name: "report/summary",
  description: "Writes a report of the run so far into the folder of the run; under `finally`, that is the whole run.",
  input: Input,
  needsRepository: false,
  outputs: {
    markdown: "absolute path of the report, when it was asked for",
    junit: "the same, as JUnit XML for CI",
    json: "the same, as JSON",
  },
  run: async (input, context) => {
    const summary = context.summary();
    // The target that writes the report is not done yet, and not what the report is about.
    const report = { ...summary, targets: summary.targets.filter(({ job }) => job !== finallyKey) };
    await mkdir(context.runFolder, { recursive: true });
    const outputs: Record<string, string> = {};
    for (const format of new Set(input.formats)) {
      const { extension, render } = formats[format];
      const path = join(context.runFolder, `${input.name}.${extension}`);
      await writeWhole(path, render(report));
      context.log(`wrote ${path}`);
      outputs[format] = path;
    }
    return outputs;
  },
});

function renderJsonReport(summary: RunSummary): string {
  return `${JSON.stringify({ schemaVersion: 1, ...summary }, null, 2)}\n`;
}

/** A reader sees the old file or the new one, never half of one. */
async function writeWhole(path: string, text: string): Promise<void> {
  const scratch = `${path}.${randomBytes(6).toString("hex")}.tmp`;
  try {
    await writeFile(scratch, text, { flag: "wx" });
    await rename(scratch, path);
  } catch (error) {
    await rm(scratch, { force: true });
    throw error;
  }
}

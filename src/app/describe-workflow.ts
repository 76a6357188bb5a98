import type { Json } from "../engine/contract.ts";
import type { Diagnostic } from "../lib/diagnostics.ts";
import type { LoadedWorkflow } from "../workflows/load-workflows.ts";
import type { Workflow } from "../workflows/types.ts";

/** JSON Schemas of inputs, by name. */
export type InputSchemas = Readonly<Record<string, Readonly<Record<string, Json>>>>;

/** One file of the folder as a list tells it: a workflow in short, or what is wrong with it. */
export type WorkflowItem =
  | {
      readonly name: string;
      readonly file: string;
      readonly valid: true;
      readonly description: string | null;
      readonly revision: string;
      readonly inputs: InputSchemas;
      readonly jobs: readonly {
        readonly id: string;
        readonly needs: readonly string[];
        readonly sweeps: boolean;
        /** Ids. */
        readonly steps: readonly string[];
      }[];
    }
  | {
      /** Null where the file gives none. */
      readonly name: string | null;
      readonly file: string;
      readonly valid: false;
      readonly problems: readonly Diagnostic[];
    };

/** Whether one file holds a workflow. */
export interface WorkflowVerdict {
  readonly file: string;
  readonly name: string | null;
  readonly valid: boolean;
  /** Empty when it is valid. */
  readonly problems: readonly Diagnostic[];
}

/** One file of the folder, for readers. */
export function describeWorkflowFile(entry: LoadedWorkflow): WorkflowItem {
  const { file, name, workflow } = entry;
  if (workflow === null) return { name, file, valid: false, problems: entry.error.diagnostics };
  const { description = null, revision, jobs } = workflow;
  return {
    name: workflow.name,
    file,
    valid: true,
    description,
    revision,
    inputs: inputsOf(workflow),
    jobs: jobs.map((job) => ({
      id: job.id,
      needs: job.needs,
      sweeps: job.sweep !== undefined,
      steps: job.steps.map(({ id }) => id),
    })),
  };
}

/** Whether a file holds a workflow, for readers. */
export function judgeWorkflowFile(entry: LoadedWorkflow): WorkflowVerdict {
  const { file, name, workflow } = entry;
  return { file, name, valid: workflow !== null, problems: workflow === null ? entry.error.diagnostics : [] };
}

/** What is no JSON is refused when a file is parsed. */
function inputsOf({ inputs }: Workflow): InputSchemas {
  return inputs as InputSchemas;
}

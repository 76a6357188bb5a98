import * as adapters from "../../app/shapes/adapters.ts";
import * as config from "../../app/shapes/config.ts";
import { plan } from "../../app/shapes/plan.ts";
import * as repositories from "../../app/shapes/repositories.ts";
import { planRunInput } from "../../app/shapes/runs.ts";
import * as workflows from "../../app/shapes/workflows.ts";
import { checkAdapterHealth, listAdapters } from "../../app/use-cases/adapters.ts";
import { readConfig, validateConfig } from "../../app/use-cases/config.ts";
import { planRun } from "../../app/use-cases/plan-run.ts";
import { checkFleetRepositories, listRepositories, scanRepositories } from "../../app/use-cases/repos.ts";
import { listWorkflows, showWorkflow, validateWorkflows } from "../../app/use-cases/workflows.ts";
import { type Operation, operation } from "./operation.ts";

/** What a workspace consists of: repositories, workflows, configuration, adapters; and what a run of it would do. */
export const fleetOperations: readonly Operation[] = [
  operation("repositories", {
    useCase: listRepositories,
    method: "GET",
    path: "/v1/repositories",
    summary: "Lists repositories, those that a selector picks",
    input: repositories.listRepositoriesInput,
    output: repositories.repositoryList,
  }),
  operation("repositories", {
    useCase: checkFleetRepositories,
    method: "GET",
    path: "/v1/repositories/check",
    summary: "Looks at the working trees of repositories",
    input: repositories.checkFleetRepositoriesInput,
    output: repositories.repositoryCheck,
  }),
  operation("repositories", {
    useCase: scanRepositories,
    method: "GET",
    path: "/v1/repositories/scan",
    summary: "Compares a folder of the fleet with the manifest",
    input: repositories.scanRepositoriesInput,
    output: repositories.repositoryScan,
  }),
  operation("workflows", {
    useCase: listWorkflows,
    method: "GET",
    path: "/v1/workflows",
    summary: "Lists workflows, those that are not valid with their problems",
    input: workflows.listWorkflowsInput,
    output: workflows.workflowList,
  }),
  operation("workflows", {
    useCase: showWorkflow,
    method: "GET",
    path: "/v1/workflows/{name}",
    summary: "Shows a workflow",
    input: workflows.showWorkflowInput,
    output: workflows.workflow,
  }),
  operation("workflows", {
    useCase: validateWorkflows,
    method: "POST",
    path: "/v1/workflows/validate",
    summary: "Checks texts of workflows, or all files of the workspace",
    input: workflows.validateWorkflowsInput,
    output: workflows.workflowValidation,
  }),
  operation("runs", {
    useCase: planRun,
    method: "POST",
    path: "/v1/plans",
    summary: "Tells what a run would do, and begins nothing",
    input: planRunInput,
    output: plan,
  }),
  operation("configuration", {
    useCase: readConfig,
    method: "GET",
    path: "/v1/config",
    summary: "Shows the configuration that is in force, without secrets",
    input: config.readConfigInput,
    output: config.configDocument,
  }),
  operation("configuration", {
    useCase: validateConfig,
    method: "GET",
    path: "/v1/config/validation",
    summary: "Says what deserves a look in the configuration",
    input: config.validateConfigInput,
    output: config.configValidation,
  }),
  operation("adapters", {
    useCase: listAdapters,
    method: "GET",
    path: "/v1/adapters",
    summary: "Lists adapters",
    input: adapters.listAdaptersInput,
    output: adapters.adapterList,
  }),
  operation("adapters", {
    useCase: checkAdapterHealth,
    method: "GET",
    path: "/v1/adapters/health",
    summary: "Makes a real round trip through adapters",
    input: adapters.checkAdapterHealthInput,
    output: adapters.adapterHealthList,
  }),
];

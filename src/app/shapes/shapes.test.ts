import { describe, expect, expectTypeOf, it } from "vitest";
import type * as z from "zod";
import type { UseCase } from "../use-case.ts";
import type * as adapterUseCases from "../use-cases/adapters.ts";
import type * as configUseCases from "../use-cases/config.ts";
import type * as planUseCases from "../use-cases/plan-run.ts";
import type * as repositoryUseCases from "../use-cases/repos.ts";
import type * as workflowUseCases from "../use-cases/workflows.ts";
import type * as adapters from "./adapters.ts";
import type * as config from "./config.ts";
import type { plan } from "./plan.ts";
import * as repositories from "./repositories.ts";
import * as workflows from "./workflows.ts";

/** What a shape gives, as those who make such documents see it: nothing of it is changed later. */
type Told<Shape extends z.ZodType> = Frozen<z.output<Shape>>;
type Frozen<T> = T extends (infer Item)[]
  ? readonly Frozen<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: Frozen<T[Key]> }
    : T;

type InputOf<U> = U extends UseCase<infer Input, infer _Output> ? Input : never;
type OutputOf<U> = U extends UseCase<infer _Input, infer Output> ? Output : never;

describe("what use-cases give and take", () => {
  it("is what its shape says", () => {
    type Repositories = typeof repositoryUseCases;
    expectTypeOf<OutputOf<Repositories["listRepositories"]>>().toExtend<Told<typeof repositories.repositoryList>>();
    expectTypeOf<OutputOf<Repositories["checkFleetRepositories"]>>().toExtend<
      Told<typeof repositories.repositoryCheck>
    >();
    expectTypeOf<OutputOf<Repositories["scanRepositories"]>>().toExtend<Told<typeof repositories.repositoryScan>>();
    type Workflows = typeof workflowUseCases;
    expectTypeOf<OutputOf<Workflows["listWorkflows"]>>().toExtend<Told<typeof workflows.workflowList>>();
    expectTypeOf<OutputOf<Workflows["showWorkflow"]>>().toExtend<Told<typeof workflows.workflow>>();
    expectTypeOf<OutputOf<Workflows["validateWorkflows"]>>().toExtend<Told<typeof workflows.workflowValidation>>();
    expectTypeOf<OutputOf<(typeof planUseCases)["planRun"]>>().toExtend<Told<typeof plan>>();
    type Config = typeof configUseCases;
    expectTypeOf<OutputOf<Config["readConfig"]>>().toExtend<Told<typeof config.configDocument>>();
    expectTypeOf<OutputOf<Config["validateConfig"]>>().toExtend<Told<typeof config.configValidation>>();
    type Adapters = typeof adapterUseCases;
    expectTypeOf<OutputOf<Adapters["listAdapters"]>>().toExtend<Told<typeof adapters.adapterList>>();
    expectTypeOf<OutputOf<Adapters["checkAdapterHealth"]>>().toExtend<Told<typeof adapters.adapterHealthList>>();
  });

  it("is what they take", () => {
    type Repositories = typeof repositoryUseCases;
    expectTypeOf<z.output<typeof repositories.listRepositoriesInput>>().toExtend<
      InputOf<Repositories["listRepositories"]>
    >();
    expectTypeOf<z.output<typeof repositories.checkFleetRepositoriesInput>>().toExtend<
      InputOf<Repositories["checkFleetRepositories"]>
    >();
    expectTypeOf<z.output<typeof repositories.scanRepositoriesInput>>().toExtend<
      InputOf<Repositories["scanRepositories"]>
    >();
    type Workflows = typeof workflowUseCases;
    expectTypeOf<z.output<typeof workflows.listWorkflowsInput>>().toExtend<InputOf<Workflows["listWorkflows"]>>();
    expectTypeOf<z.output<typeof workflows.showWorkflowInput>>().toExtend<InputOf<Workflows["showWorkflow"]>>();
    expectTypeOf<z.output<typeof workflows.validateWorkflowsInput>>().toExtend<
      InputOf<Workflows["validateWorkflows"]>
    >();
    type Config = typeof configUseCases;
    expectTypeOf<z.output<typeof config.readConfigInput>>().toExtend<InputOf<Config["readConfig"]>>();
    expectTypeOf<z.output<typeof config.validateConfigInput>>().toExtend<InputOf<Config["validateConfig"]>>();
    type Adapters = typeof adapterUseCases;
    expectTypeOf<z.output<typeof adapters.listAdaptersInput>>().toExtend<InputOf<Adapters["listAdapters"]>>();
    expectTypeOf<z.output<typeof adapters.checkAdapterHealthInput>>().toExtend<
      InputOf<Adapters["checkAdapterHealth"]>
    >();
  });
});

describe("inputs are bounded", () => {
  it.each([
    ["a selector", repositories.listRepositoriesInput, { filter: "x".repeat(4097) }],
    ["an empty selector", repositories.listRepositoriesInput, { filter: "" }],
    ["another key", repositories.listRepositoriesInput, { signal: {} }],
    ["parallelism", repositories.checkFleetRepositoriesInput, { maxParallel: 1e9 }],
    ["a folder that ends early", repositories.scanRepositoriesInput, { folder: "src\u0000/../.." }],
    ["a folder that forges a line", repositories.scanRepositoriesInput, { folder: "src\nallowed" }],
    ["a name that is a path", workflows.showWorkflowInput, { name: "../../etc/passwd" }],
    ["a huge file", workflows.validateWorkflowsInput, { files: [{ file: "w.yaml", text: "x".repeat(1_048_577) }] }],
    ["a file that is only named", workflows.validateWorkflowsInput, { files: [{ file: "/etc/passwd" }] }],
  ] as const)("%s", (_what, shape, value) => {
    expect(shape.safeParse(value).success).toBe(false);
  });

  it("and what is usual passes", () => {
    expect(repositories.checkFleetRepositoriesInput.parse({ filter: "dirty", maxParallel: 4 })).toEqual({
      filter: "dirty",
      maxParallel: 4,
    });
    expect(
      workflows.validateWorkflowsInput.parse({ files: [{ file: "workflows/w.yaml", text: "" }] }).files,
    ).toHaveLength(1);
  });
});

import { didYouMean } from "../lib/suggest.ts";
import { contextProperties, lazyValues, needProperties, stepProperties } from "./contexts.ts";
import type { Access, PathPart, TokenRange } from "./list-accesses.ts";
import type { Place } from "./list-texts.ts";

/** What an expression may name where it stands. */
export interface Scope {
  readonly place: Place;
  /** Whether there is a repository: the job has a sweep. */
  readonly sweeps: boolean;
  readonly inFinally: boolean;
  readonly inputs: readonly string[];
  /** Ids of steps that have ended when the text is evaluated. */
  readonly earlierSteps: readonly string[];
  /** Ids of the other steps of the same job. */
  readonly laterSteps: readonly string[];
  /** Jobs that may be named, with the outputs that they declare. */
  readonly needs: ReadonlyMap<string, { readonly sweeps: boolean; readonly outputs: readonly string[] }>;
  /** All jobs, to tell a missing `needs` from a wrong name. */
  readonly jobs: readonly string[];
  /** Undefined when it is not known which secrets are configured. */
  readonly secretNames: readonly string[] | undefined;
}

/** What is wrong with a name in an expression. */
export interface AccessProblem extends TokenRange {
  readonly message: string;
  readonly hint?: string;
}

/** Checks one name of an expression against what is known before a run; undefined when nothing is wrong. */
export function checkAccess(access: Access, scope: Scope): AccessProblem | undefined {
  const { context, path } = access;
  if (!scope.place.contexts.includes(context)) return refuseContext(access, scope);
  switch (context) {
    case "inputs":
      return checkName(path[0], scope.inputs, "input");
    case "repo":
      return checkRepo(access, scope);
    case "run":
    case "job":
      return checkName(path[0], Object.keys(contextProperties[context]), `property of ${context}`);
    case "steps":
      return checkStep(path, scope);
    case "needs":
      return checkNeed(access, scope);
    case "secrets":
      return checkSecret(access, scope);
    case "env":
      return undefined;
  }
}

function refuseContext({ context, start, end }: Access, { place }: Scope): AccessProblem {
  const message = `${context} cannot be named in ${place.label}`;
  if (place.contexts.length === 0) return { start, end, message: `${place.label} holds no expressions` };
  if (context !== "secrets") return { start, end, message, hint: `what can: ${place.contexts.join(", ")}` };
  const hint = 'give it to the step that needs it: env: { TOKEN: "${{ secrets.NAME }}" }';
  return { start, end, message, hint };
}

function checkName(part: PathPart | undefined, known: readonly string[], what: string): AccessProblem | undefined {
  if (part?.kind !== "name" || hasName(known, part.name)) return undefined;
  const { start, end, name } = part;
  return { start, end, message: `unknown ${what} "${name}"`, hint: didYouMean(name, known) };
}

/** GitHub compares names without regard to case. */
function hasName(known: Iterable<string>, name: string): boolean {
  const lower = name.toLowerCase();
  for (const candidate of known) if (candidate.toLowerCase() === lower) return true;
  return false;
}

function checkRepo(access: Access, { sweeps, inFinally, place }: Scope): AccessProblem | undefined {
  const { start, end, path } = access;
  if (!sweeps) {
    const why = inFinally
      ? "steps under finally run without a repository"
      : "this job has no sweep, so it has no repository";
    return { start, end, message: `repo cannot be named here: ${why}` };
  }
  const wrong = checkName(path[0], Object.keys(contextProperties.repo), "property of repo");
  if (wrong !== undefined || place.checkout) return wrong;
  const [first] = path;
  if (first?.kind === "name" && !hasName(Object.keys(lazyValues), first.name)) return undefined;
  const named = first?.kind === "name" ? `repo.${first.name}` : "all of repo";
  const hint = "name it in a step, or in the outputs of the job";
  return { start, end, message: `${named} cannot be named in ${place.label}: there is no checkout yet`, hint };
}

function checkStep([id, property]: readonly PathPart[], scope: Scope): AccessProblem | undefined {
  if (id?.kind === "name" && !hasName(scope.earlierSteps, id.name)) {
    const { start, end, name } = id;
    if (!hasName(scope.laterSteps, name)) return checkName(id, scope.earlierSteps, "step");
    return {
      start,
      end,
      message: `step "${name}" has not run yet here`,
      hint: "only steps that stand before can be named",
    };
  }
  return checkName(property, stepProperties, "property of a step");
}

function checkNeed({ path }: Access, scope: Scope): AccessProblem | undefined {
  const [id, property, third, fourth, fifth] = path;
  if (id?.kind !== "name") return undefined;
  const need =
    scope.needs.get(id.name) ?? [...scope.needs].find(([name]) => name.toLowerCase() === id.name.toLowerCase())?.[1];
  if (need === undefined) return refuseNeed(id, scope);
  const wrong = checkName(property, needProperties, "property of a needed job");
  if (wrong !== undefined || property?.kind !== "name") return wrong;
  const { start, end } = property;
  const kind = property.name.toLowerCase();
  if (kind === "targets") {
    if (!need.sweeps) {
      return {
        start,
        end,
        message: `job "${id.name}" has no sweep, so it has no targets by repository`,
        hint: `write needs.${id.name}.outputs`,
      };
    }
    return (
      checkName(fourth, ["outputs", "result"], "property of a target") ?? checkOutput(fifth, need.outputs, id.name)
    );
  }
  if (kind !== "outputs") return undefined;
  if (need.sweeps && !scope.sweeps) {
    const output = third?.kind === "name" ? third.name : "NAME";
    const message = `job "${id.name}" has outputs for each of its repositories, and here is no repository`;
    return { start, end, message, hint: `write needs.${id.name}.targets['REPOSITORY'].outputs.${output}` };
  }
  return checkOutput(third, need.outputs, id.name);
}

function checkOutput(part: PathPart | undefined, outputs: readonly string[], job: string): AccessProblem | undefined {
  if (part?.kind !== "name" || hasName(outputs, part.name)) return undefined;
  const { start, end, name } = part;
  const hint = outputs.length === 0 ? `declare it: outputs: { ${name}: … }` : didYouMean(name, outputs);
  return { start, end, message: `job "${job}" has no output "${name}"`, hint };
}

function refuseNeed({ start, end, name }: PathPart & { readonly kind: "name" }, scope: Scope): AccessProblem {
  if (!hasName(scope.jobs, name))
    return { start, end, message: `unknown job "${name}"`, hint: didYouMean(name, [...scope.needs.keys()]) };
  return {
    start,
    end,
    message: `job "${name}" is not among the needs of this job`,
    hint: `add it: needs: [${[...scope.needs.keys(), name].join(", ")}]`,
  };
}

function checkSecret(access: Access, { secretNames }: Scope): AccessProblem | undefined {
  const [id] = access.path;
  if (id?.kind !== "name") {
    const { start, end } = access;
    return {
      start,
      end,
      message: "a secret is named by its own name",
      hint: "write secrets.NAME; a step is given only the secrets that it names",
    };
  }
  if (secretNames === undefined || secretNames.includes(id.name)) return undefined;
  const { start, end, name } = id;
  const hint = `${didYouMean(name, secretNames)}; secrets are declared under \`secrets\` of mahavishnu.yaml`;
  return { start, end, message: `unknown secret "${name}"`, hint };
}

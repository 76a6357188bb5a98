import * as z from "zod";
import { duration, leafShapes } from "../config/schema-values.ts";
import type { Shape } from "../config/shape.ts";
import { foreignHome, namesForeignHome } from "../lib/home-folder.ts";
import type { NotBuilt } from "../lib/yaml-file.ts";
import { findUrlProblem } from "./repository-url.ts";

/**
 * What the name of a repository may be: it becomes a folder, a part of git refs, a word of commands and of selectors.
 * So it is no option, no hidden file, and nothing that git refuses in a ref (`..`, `.lock` or `.` at the end).
 */
export const repositoryNamePattern = /^(?!.*\.\.)(?!.*\.(?:lock)?$)[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;
const namePattern = /^[A-Za-z0-9._-]+$/;
const tagPattern = /^[A-Za-z0-9._-]+(?:\/[A-Za-z0-9._-]+)*$/;
const variablePattern = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** Git's rules for branch names (check-ref-format), and no leading "-". */
const branchPattern =
  // oxlint-disable-next-line no-control-regex
  /^(?![-/.])(?!.*(?:\/[/.]|\.\.|@\{))(?!@$)(?!.*\.lock(?:\/|$))[^\u0000-\u0020\u007F~^:?*[\\]+(?<![/.])$/;

/** A path that is not empty and does not begin with the home folder of somebody else. */
const ownHome: Shape = { kind: "text", pattern: "^(?!~[^/])[\\s\\S]" };

const nameRule = "letters, digits, . _ and -";

const Role = z
  .strictObject({
    description: z.string().describe("What the role means, in words.").optional(),
    limits: z
      .strictObject({
        timeout: duration()
          .describe("How long one target of this role may take; otherwise `limits.timeout` of the configuration holds.")
          .optional(),
      })
      .describe("Limits for targets of this role.")
      .optional(),
  })
  .nullable();

const RepositoryEntry = z
  .strictObject({
    url: z
      .string()
      .superRefine((url, context) => {
        const problem = findUrlProblem(url);
        if (problem !== null) context.addIssue({ code: "custom", message: problem });
      })
      // The rest of the rule is no pattern: `readManifest` asks it as well.
      .register(leafShapes, { kind: "text", pattern: "" })
      .describe("Where the repository is cloned from. Transports that run commands (`ext::`) are refused.")
      .optional(),
    path: z
      .string()
      .min(1)
      .refine((path) => !path.includes("\0"), { error: "a path holds no NUL character" })
      .refine((path) => !namesForeignHome(path), { error: foreignHome })
      .register(leafShapes, { kind: "text", pattern: "^(?!~[^/])[^\\0]+$" })
      .describe("The working tree, absolute, from `~/` or relative to `root`. Default: the name.")
      .optional(),
    branch: z
      .string()
      .regex(branchPattern, { error: "this cannot be the name of a branch" })
      .describe("The branch that counts as the repository's main line.")
      .optional(),
    role: z.string().describe("One of the roles declared under `roles`.").optional(),
    tags: z
      .array(z.string().regex(tagPattern, { error: `a tag is ${nameRule}, with / between its parts` }))
      .describe("Words to select by; `lang/ts` is also found as `lang`.")
      .optional(),
    needs: z
      .array(z.string())
      .describe("Repositories that come before this one, and without whose success it is skipped.")
      .optional(),
    optional: z
      .boolean()
      .describe("An optional repository never lowers the outcome of a run. Default: false.")
      .optional(),
    env: z
      .record(
        z
          .string()
          .regex(variablePattern, { error: "a variable is letters, digits and _, and does not start with a digit" })
          .refine((name) => !name.startsWith("MAHAVISHNU_"), { error: "MAHAVISHNU_ variables belong to the product" })
          .register(leafShapes, { kind: "text", pattern: `^(?!MAHAVISHNU_)${variablePattern.source.slice(1)}` }),
        z.string({ error: "a variable's value is text: put it in quotes" }),
      )
      .describe("Environment variables for the steps on this repository.")
      .optional(),
  })
  .nullable();

/** The shape of repos.yaml. Rules that need the whole fleet (roles exist, no circle) are `loadManifest`'s. */
export const Manifest = z.strictObject({
  version: z.literal(1).describe("The version of the format."),
  root: z
    .string()
    .min(1)
    .refine((path) => !namesForeignHome(path), { error: foreignHome })
    .register(leafShapes, ownHome)
    .describe(
      "Where relative paths start, absolute, from `~/` or relative to the file. Default: the file's folder; in an imported file the importing one's root.",
    )
    .optional(),
  roles: z
    .record(z.string().regex(namePattern, { error: `the name of a role is ${nameRule}` }), Role)
    .describe("Kinds of repositories, by name. A repository has at most one.")
    .optional(),
  repos: z
    .record(
      z.string().regex(repositoryNamePattern, {
        error: `the name of a repository is up to 100 ${nameRule}; it begins with a letter or digit, does not end in . or .lock and has no ..`,
      }),
      RepositoryEntry,
    )
    // `repos:` with nothing below it is a fleet without repositories, and where the first entries are pasted.
    .nullable()
    .describe("The repositories, by name.")
    .optional(),
  selectors: z
    .record(z.string().regex(namePattern, { error: `the name of a selector is ${nameRule}` }), z.string().min(1))
    .describe("Selectors by name, to use as `@name` wherever a selector stands.")
    .optional(),
  import: z
    .array(
      z
        .string()
        .min(1)
        .refine((path) => !namesForeignHome(path), { error: foreignHome })
        .register(leafShapes, ownHome),
    )
    .describe("Further manifests, relative to this file; `*`, `**` and `?` match file names.")
    .optional(),
});

/** A parsed manifest file. */
export type Manifest = z.output<typeof Manifest>;

/** Keys that are planned and not built; each is refused with its own sentence. */
export const notBuiltKeys: NotBuilt = {
  "roles.*.approval": "approvals come later; leave the key out",
  "roles.*.limits.maxParallel": "a limit per role comes later; use sweep.maxParallel of the workflow",
  "roles.*.limits.maxConcurrentSteps":
    "a limit per role comes later; use limits.maxConcurrentSteps of the configuration",
  "roles.*.limits.maxConcurrentWorkflows":
    "a limit per role comes later; use limits.maxConcurrentWorkflows of the configuration",
  "roles.*.limits.maxOutputBytes": "a limit per role comes later; use limits.maxOutputBytes of the configuration",
  "roles.*.limits.retry":
    "a retry rule per role comes later; use limits.retry of the configuration or retry of the job",
  "roles.*.env": "variables per role come later; use env of the repository or of the job",
  "repos.*.approval": "approvals come later; leave the key out",
  "repos.*.limits": "limits per repository come later; use limits.timeout of its role",
  "repos.*.workspaces": "projects inside a repository come later; leave the key out",
  "repos.*.branches": "several branches of a repository come later; use branch",
  sources: "repositories from a hosting service come later; list them under repos: (`mahavishnu repos scan DIR` helps)",
};

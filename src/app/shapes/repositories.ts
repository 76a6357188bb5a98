/** Shapes of what is asked and told about repositories. No command loads them: see `src/cli/json-schemas.ts`. */
import * as z from "zod";
import { count, folderPath, selector } from "./texts.ts";

export const repository = z.strictObject({
  name: z.string(),
  path: z.string(),
  url: z.string().nullable(),
  branch: z.string().nullable(),
  role: z.string().nullable(),
  tags: z.array(z.string()),
  needs: z.array(z.string()),
  optional: z.boolean(),
  place: z.strictObject({ file: z.string(), line: z.int().min(1) }),
});

const gitFacts = z.strictObject({
  head: z.string().nullable(),
  branch: z.string().nullable(),
  upstream: z.string().nullable(),
  ahead: count,
  behind: count,
  changed: count,
  locks: z.array(z.strictObject({ path: z.string(), ageMs: z.number() })),
  operation: z.enum(["merge", "rebase", "cherry-pick", "revert", "bisect"]).nullable(),
});

export const checkedRepository = z.strictObject({
  name: z.string(),
  path: z.string(),
  state: z.enum(["ok", "warning", "error"]),
  findings: z.array(
    z.strictObject({
      code: z.string(),
      severity: z.enum(["error", "warning", "note"]),
      message: z.string(),
      fix: z.string(),
      other: z.string().exactOptional(),
    }),
  ),
  facts: gitFacts.nullable(),
});

/** Where repositories come from. */
const fleetPlace = { file: z.string(), root: z.string(), total: count };

/** What is said about a selection besides the repositories. */
const selection = {
  nextCursor: z.null(),
  undecided: z.array(z.strictObject({ name: z.string(), reason: z.string() })),
  hidden: count,
  unmatched: z.array(z.string()),
  ...fleetPlace,
};

export const repositoryList = z.strictObject({ items: z.array(repository), ...selection });

export const repositoryCheck = z.strictObject({
  items: z.array(checkedRepository),
  counts: z.strictObject({
    total: count,
    ok: count,
    warning: count,
    error: count,
    byCode: z.record(z.string(), count),
  }),
  ...selection,
});

/** Made of a list, by whoever shows it. */
export const repositoryGraph = z.strictObject({
  repositories: z.array(z.strictObject({ name: z.string(), role: z.string().nullable() })),
  needs: z.array(z.strictObject({ from: z.string(), to: z.string() })),
  hidden: count,
});

const place = z.strictObject({ path: z.string(), reason: z.string() });

export const repositoryScan = z.strictObject({
  folder: z.string(),
  added: z.array(z.strictObject({ name: z.string(), path: z.string(), url: z.string().nullable() })),
  missing: z.array(repository),
  unusable: z.array(repository.extend({ reason: z.string() })),
  known: z.array(z.string()),
  skipped: z.array(place),
  unreadable: z.array(place),
  ...fleetPlace,
  outside: z.boolean(),
});

export const listRepositoriesInput = z.strictObject({ filter: selector.exactOptional() });

export const checkFleetRepositoriesInput = z.strictObject({
  filter: selector.exactOptional(),
  maxParallel: z.int().min(1).max(256).exactOptional(),
});

export const scanRepositoriesInput = z.strictObject({ folder: folderPath });

import { MahavishnuError } from "../lib/errors.ts";
import { nearest } from "../lib/suggest.ts";
import { type Definition, docsOf, severityUnder, type Thresholds } from "./definition.ts";
import { gatesFor, gatesOf } from "./plan-suite.ts";
import type { Registry } from "./registry.ts";
import type { Category, GateName, Group, Kind, Severity } from "./types.ts";

/** Everything that the catalogue knows about one question. */
export interface Explanation {
  readonly id: string;
  readonly title: string;
  readonly kind: Kind;
  readonly category: Category;
  readonly group: Group | null;
  readonly severity: { readonly production: Severity; readonly development: Severity };
  /** A test that must pass whatever the percentage. */
  readonly mustPass: boolean;
  /** The gates of `run-all-tests` that count it. */
  readonly gates: readonly GateName[];
  /** Why it matters. */
  readonly verifies: string;
  /** By reading and reasoning; null when it only acts. */
  readonly static: string | null;
  /** By acting; null when it only reads. */
  readonly live: string | null;
  readonly dependsOn: readonly string[];
  readonly rollUpOf: readonly string[];
  readonly advice: { readonly text: string; readonly command: string | null; readonly fixable: boolean };
  readonly docs: string;
  /** Of a benchmark: what is measured, and what it is held against. */
  readonly benchmark: {
    readonly figure: string;
    readonly unit: string;
    readonly better: "lower" | "higher";
    readonly warmUp: number;
    readonly samples: number;
    /** Null where no configuration says it. */
    readonly limits: { readonly median: number; readonly p95: number | null } | null;
  } | null;
}

/**
 * Explains a check, test or benchmark by its id, in any case.
 *
 * @param thresholds Of the workspace; without them the limits of a benchmark are not told.
 * @throws MahavishnuError CHECK_NOT_FOUND when there is none.
 */
export function explainCheck(registry: Registry, id: string, thresholds?: Thresholds): Explanation {
  const definition = registry.byId.get(id.toUpperCase());
  if (definition === undefined) throw unknownId(registry, id);
  const { advice, how } = definition;
  return {
    id: definition.id,
    title: definition.title,
    kind: definition.kind,
    category: definition.category,
    group: definition.group ?? null,
    severity: {
      production: severityUnder(definition, "production"),
      development: severityUnder(definition, "development"),
    },
    mustPass: definition.kind === "test" && definition.mustPass === true,
    gates: gatesFor(definition, gatesOf("run-all-tests")),
    verifies: definition.verifies,
    static: how.static ?? null,
    live: how.live ?? null,
    dependsOn: definition.dependsOn ?? [],
    rollUpOf: definition.kind === "benchmark" ? [] : (definition.rollUpOf ?? []),
    advice: { text: advice.text, command: advice.command ?? null, fixable: advice.fixable ?? false },
    docs: docsOf(definition.id),
    benchmark: explainBenchmark(definition, thresholds),
  };
}

function explainBenchmark(definition: Definition, thresholds: Thresholds | undefined): Explanation["benchmark"] {
  if (definition.kind !== "benchmark") return null;
  const { figure, unit, better, warmUp, samples } = definition;
  const limits = thresholds === undefined ? null : definition.limits(thresholds);
  const told = limits === null ? null : { median: limits.median, p95: limits.p95 ?? null };
  return { figure, unit, better, warmUp, samples, limits: told };
}

function unknownId(registry: Registry, id: string): MahavishnuError {
  const near = nearest(id.toUpperCase(), registry.byId.keys());
  const hint = near === undefined ? "" : ` Did you mean ${near}?`;
  return new MahavishnuError("CHECK_NOT_FOUND", `no check, test or benchmark has the id "${id}"`, {
    fix: `See \`mahavishnu production run-all-tests --list\`.${hint}`,
  });
}

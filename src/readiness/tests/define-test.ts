import { needsConfig } from "../catalogue/needs-config.ts";
import type { CheckDefinition, ProbeBody } from "../definition.ts";
import type { Group } from "../types.ts";

/** What makes an integration test different from the others. */
export interface TestSpec {
  readonly id: string;
  /** A statement that is true when it passes. */
  readonly title: string;
  readonly verifies: string;
  /** What it does. */
  readonly how: string;
  /** What it means for the user when it fails. */
  readonly advice: string;
  /** Must pass whatever the percentage. */
  readonly mustPass?: boolean;
  readonly security?: boolean;
  readonly expectedMs: number;
  readonly live: ProbeBody;
}

/** Makes the integration tests of one group. Each has scratch space, a state folder and repositories of its own, and 30 s. */
export function defineTests(group: Group, specs: readonly TestSpec[]): readonly CheckDefinition[] {
  return specs.map(({ id, title, verifies, how, advice, mustPass = false, security = false, expectedMs, live }) => ({
    id,
    title,
    kind: "test",
    category: "integrationTests",
    group,
    severity: mustPass ? "critical" : "error",
    mustPass,
    security,
    verifies,
    how: { live: how },
    advice: { text: advice },
    dependsOn: needsConfig,
    timeoutMs: 30_000,
    expectedMs,
    live,
  }));
}

/** A test of something that is not built yet: listed, with the reason, and never counted as passed. */
export interface LaterSpec {
  readonly id: string;
  readonly title: string;
  readonly verifies: string;
  /** One sentence: why it does not apply. */
  readonly reason: string;
  readonly mustPass?: boolean;
  readonly security?: boolean;
}

/** Makes the tests of one group that wait for what they look at. */
export function defineLaterTests(group: Group, specs: readonly LaterSpec[]): readonly CheckDefinition[] {
  return specs.map(({ id, title, verifies, reason, mustPass = false, security = false }) => ({
    id,
    title,
    kind: "test",
    category: "integrationTests",
    group,
    severity: mustPass ? "critical" : "error",
    mustPass,
    security,
    verifies,
    how: { static: `does not apply yet: ${reason}` },
    advice: { text: "Nothing can be done yet; the changelog says when it arrives." },
    static: () => ({ status: "notApplicable", reason }),
  }));
}

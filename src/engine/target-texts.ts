import { resolve } from "node:path";
import { MahavishnuError } from "../lib/errors.ts";
import type { Json } from "../lib/json.ts";
import { diffCheckout, isCheckoutDirty } from "../repositories/checkout-changes.ts";
import { isInside, resolveAsFarAsPossible } from "../repositories/containment.ts";
import type { LazyValue } from "../workflows/contexts.ts";
import type { Expressions } from "../workflows/expressions.ts";
import type { Step } from "../workflows/types.ts";
import type { Outputs } from "./contract.ts";
import { finallyKey } from "./plan.ts";
import type { Command } from "./command-code.ts";
import { type AboutTarget, TargetContexts } from "./target-contexts.ts";

/** Fails on the first error, as GitHub does. */
const shells = {
  sh: ["/bin/sh", "-e", "-c"],
  bash: ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c"],
} as const;

/**
 * The texts of one target's job and steps, with their expressions evaluated at the moment of asking. Values that cost a process
 * are computed by `prepareStep`, which must come before: it gives undefined when there is nothing to wait for, as mostly.
 */
export class TargetTexts {
  readonly #about: AboutTarget;
  readonly #expressions: Expressions;
  readonly #contexts: TargetContexts;
  #preparedAttempt = -1;

  constructor(about: AboutTarget, expressions: Expressions) {
    this.#about = about;
    this.#expressions = expressions;
    this.#contexts = new TargetContexts(about, (step) => this.#environmentOf(step));
  }

  /** Where the steps work, once there is a checkout. */
  setFolder(folder: string | null): void {
    this.#contexts.folder = folder;
  }

  jobCondition({ failed }: { readonly failed: boolean }): boolean {
    const { job } = this.#about;
    if (job.if === undefined) return !failed;
    this.#setCurrent(undefined);
    return this.#expressions.test(job.if, this.#contexts, { success: !failed, failure: failed, cancelled: false });
  }

  /** To be waited for before a step's condition, and before its other texts in each attempt. */
  prepareStep(step: Step): Promise<void> | undefined {
    const { before } = this.#expressions.lazyValuesOfStep(step);
    if (before.length === 0) {
      this.#setCurrent(step);
      return undefined;
    }
    const attempts = this.#about.target.steps.find(({ id }) => id === step.id)?.attempts.length ?? 0;
    // The condition and the texts of a first attempt follow each other at once: the repository is looked at once for them.
    if (this.#contexts.current === step && this.#preparedAttempt === attempts) return undefined;
    this.#setCurrent(step);
    this.#preparedAttempt = attempts;
    return this.#look(before);
  }

  stepCondition(step: Step, { failed }: { readonly failed: boolean }): boolean {
    const isLast = this.#about.target.key === finallyKey;
    if (step.if === undefined) return isLast || !failed;
    const cancelled = this.#about.state.state === "cancelling";
    const isBad = isLast ? this.#contexts.isRunBad : failed;
    const status = { success: !isBad && !cancelled, failure: isBad && !cancelled, cancelled };
    return this.#expressions.test(step.if, this.#contexts, status, isLast ? "finally" : "job");
  }

  /** `env` of repository, job and step, the later over the earlier. */
  environment(step: Step): Readonly<Record<string, string>> {
    return this.#environmentOf(step);
  }

  command(step: Step): Command {
    const { action } = step;
    if (action.kind !== "run") throw new Error(`step ${step.id} has no command`);
    const { command, shell } = action;
    if (typeof command === "string") return { shell: shells[shell], script: this.#interpolate(command) };
    return { words: command.map((word) => this.#interpolate(word)) };
  }

  /**
   * Where the command works. A checkout holds what others have committed, also symbolic links: the folder is where they really lead.
   *
   * @throws MahavishnuError STEP_FOLDER when that is outside `base`.
   */
  async workingFolder(step: Step, base: string): Promise<string> {
    const { action } = step;
    if (action.kind !== "run" || action.workingDirectory === undefined) return base;
    const written = this.#interpolate(action.workingDirectory);
    const folder = resolve(base, written);
    const [real, realBase] = await Promise.all([resolveAsFarAsPossible(folder), resolveAsFarAsPossible(base)]);
    if (!isInside(real, [realBase])) {
      const message = `workingDirectory of step ${step.id} leaves the checkout: ${written} leads to ${real}`;
      throw new MahavishnuError("STEP_FOLDER", message);
    }
    return folder;
  }

  actionInput(step: Step): Readonly<Record<string, Json>> {
    if (step.action.kind !== "uses") throw new Error(`step ${step.id} has no action`);
    return this.#expressions.evaluateAll(step.action.with, this.#contexts) as Readonly<Record<string, Json>>;
  }

  /** The outputs that the workflow defines for a step; `own` is what the step wrote itself. */
  async stepOutputs(step: Step, own: Outputs): Promise<Outputs> {
    this.#setCurrent(step);
    await this.#look(this.#expressions.lazyValuesOfStep(step).after);
    this.#contexts.ownOutputs = own;
    return this.#expressions.interpolateAll(step.outputs, this.#contexts);
  }

  async jobOutputs(): Promise<Outputs> {
    const { job } = this.#about;
    this.#setCurrent(undefined);
    await this.#look(this.#expressions.lazyValuesOfOutputs(job));
    return this.#expressions.interpolateAll(job.outputs, this.#contexts);
  }

  #interpolate(text: string): string {
    return this.#expressions.interpolate(text, this.#contexts);
  }

  #setCurrent(step: Step | undefined): void {
    this.#contexts.current = step;
    this.#contexts.ownOutputs = undefined;
    this.#contexts.lazy = {};
    this.#preparedAttempt = -1;
  }

  async #look(values: readonly LazyValue[]): Promise<void> {
    const { repository } = this.#about;
    const { folder } = this.#contexts;
    if (values.length === 0 || repository === null || folder === null) return;
    const dirty = values.includes("repo.dirty") ? { dirty: await isCheckoutDirty(folder) } : {};
    const diff = values.includes("repo.diff") ? { diff: await diffCheckout(folder, repository.base) } : {};
    this.#contexts.lazy = { ...dirty, ...diff };
  }

  /** `env` texts see what is set further out, not themselves. */
  #environmentOf(step: Step | undefined): Readonly<Record<string, string>> {
    const { repository, job } = this.#about;
    const outer = { ...repository?.env };
    const withJob = { ...outer, ...this.#evaluateEnv(job.env, outer) };
    return step === undefined ? withJob : { ...withJob, ...this.#evaluateEnv(step.env, withJob) };
  }

  #evaluateEnv(
    texts: Readonly<Record<string, string>>,
    outer: Readonly<Record<string, string>>,
  ): Readonly<Record<string, string>> {
    const before = this.#contexts.outerEnv;
    this.#contexts.outerEnv = outer;
    try {
      return this.#expressions.interpolateAll(texts, this.#contexts);
    } finally {
      this.#contexts.outerEnv = before;
    }
  }
}

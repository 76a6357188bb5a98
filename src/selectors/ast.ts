import type { TermName } from "./terms.ts";

/** A part of the selector's text, from `start` up to but not including `end`, in UTF-16 units from 0. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** `role:service`, `dirty`. */
export interface TermNode<Term extends string = TermName> {
  readonly kind: "term";
  readonly term: Term;
  /** Empty for a term that takes none. */
  readonly value: string;
  readonly range: Range;
}

/** `@tsServices`. */
export interface NameNode {
  readonly kind: "name";
  readonly name: string;
  readonly range: Range;
}

/** `!dirty`. */
export interface NotNode<Term extends string = TermName> {
  readonly kind: "not";
  readonly item: SelectorNode<Term>;
  readonly range: Range;
}

/** `a && b && c` or `a || b || c`: at least two items. */
export interface ChainNode<Term extends string = TermName> {
  readonly kind: "and" | "or";
  readonly items: readonly SelectorNode<Term>[];
  readonly range: Range;
}

/** A parsed selector; with terms of its own when it picks something else than repositories. */
export type SelectorNode<Term extends string = TermName> = TermNode<Term> | NameNode | NotNode<Term> | ChainNode<Term>;

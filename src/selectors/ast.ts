import type { TermName } from "./terms.ts";

/** A part of the selector's text, from `start` up to but not including `end`, in UTF-16 units from 0. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** `role:service`, `dirty`. */
export interface TermNode {
  readonly kind: "term";
  readonly term: TermName;
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
export interface NotNode {
  readonly kind: "not";
  readonly item: SelectorNode;
  readonly range: Range;
}

/** `a && b && c` or `a || b || c`: at least two items. */
export interface ChainNode {
  readonly kind: "and" | "or";
  readonly items: readonly SelectorNode[];
  readonly range: Range;
}

/** A parsed selector. */
export type SelectorNode = TermNode | NameNode | NotNode | ChainNode;

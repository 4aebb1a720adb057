/** What the marks build and the outputs draw: a Vega-Lite specification and its reduced data. */
import type { Relation } from '../compute/relation.ts';
import type { Profile } from './data/profile.ts';
import type { DensitySource } from './density.ts';
import type { Field } from './fields.ts';
import type { ProbeGl } from './gl/choose.ts';
import type { Mark, PlotRequest } from './request.ts';

/** A piece of a Vega or Vega-Lite specification: plain JSON, built here and never parsed back. */
export type Spec = Readonly<Record<string, unknown>>;

/** One row handed to Vega; times are milliseconds. */
export type Row = Readonly<Record<string, number | string | boolean | null>>;

/** The resolved question: fields instead of names, one mark, and the first pass over the data. */
export interface Scene {
  readonly relation: Relation;
  readonly request: PlotRequest;
  readonly mark: Mark;
  readonly x: Field | undefined;
  readonly ys: readonly Field[];
  readonly color: Field | undefined;
  readonly facet: Field | undefined;
  /** The column that splits the rows into lines of one colour. */
  readonly by: Field | undefined;
  /** Panels above each other, of which this is one; one when undefined. */
  readonly above?: number;
  readonly profile: Profile;
  readonly probeGl: ProbeGl;
  /** Sentences for stderr: what was chosen, reduced or left out. */
  note(text: string): void;
  /** Facts for --report alone. */
  detail(text: string): void;
}

/** The layers over one pair of axes; all read the rows given here. */
export interface Panel {
  readonly layers: readonly Spec[];
  readonly rows: readonly Row[];
  /** Counts per pixel instead of marks, drawn as an image once the layout is known. */
  readonly density?: DensitySource;
  /**
   * Cells beside each other when the rows' facets are the mark's own, as a calendar's years are.
   */
  readonly columns?: number;
  /**
   * Of a chart of lines alone, whose rows are their points by x: what tells the lines apart. A point
   * with a "dot" has no neighbour.
   */
  readonly lineOf?: (row: Row) => string;
}

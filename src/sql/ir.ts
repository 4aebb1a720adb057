/** What the binder makes and the lowering reads: typed expressions over columns with unique ids. */
import type { Relation } from '../compute/relation.ts';
import type { SqlType } from './types.ts';

/** "c12": unique in a compiled query, and the column's name inside Polars. */
export type ColumnId = string;

export interface Interval {
  readonly months: number;
  readonly days: number;
  readonly micros: bigint;
}

/**
 * By type: integer and decimal (unscaled) bigint; date in days, time in nanoseconds, timestamp in
 * its unit, all bigint; float number; interval Interval; text string.
 */
export type Scalar = null | boolean | bigint | number | string | Interval | readonly Scalar[];

interface Typed {
  readonly type: SqlType;
  /** Offset in the parsed text; -1 when made by the binder. */
  readonly position: number;
}

export interface ColumnExpression extends Typed {
  readonly kind: 'column';
  readonly id: ColumnId;
  readonly name: string;
}
export interface LiteralExpression extends Typed {
  readonly kind: 'literal';
  readonly value: Scalar;
}
/** A scalar function or operator; `name` is its row in src/sql/functions. */
export interface CallExpression extends Typed {
  readonly kind: 'call';
  readonly name: string;
  readonly args: readonly Expression[];
}
export interface CastExpression extends Typed {
  readonly kind: 'cast';
  readonly input: Expression;
  /** TRY_CAST: null instead of an error. */
  readonly lenient: boolean;
}
export interface CaseExpression extends Typed {
  readonly kind: 'case';
  readonly branches: readonly { readonly when: Expression; readonly result: Expression }[];
  readonly otherwise: Expression;
}
export interface SortItem {
  readonly expression: Expression;
  readonly descending: boolean;
  readonly nullsFirst: boolean;
}
export interface AggregateExpression extends Typed {
  readonly kind: 'aggregate';
  readonly name: string;
  readonly args: readonly Expression[];
  readonly distinct: boolean;
  readonly filter: Expression | undefined;
  readonly order: readonly SortItem[];
}
export interface Frame {
  readonly unit: 'rows' | 'range' | 'groups';
  /**
   * Relative to the current row; negative precedes; undefined is unbounded. In rows, groups of
   * peers, or units of the ordering value.
   */
  readonly start: number | undefined;
  readonly end: number | undefined;
  /** RANGE by an interval: what is added to the ordering value. */
  readonly startBy?: Interval;
  readonly endBy?: Interval;
  readonly exclude?: 'current row' | 'group' | 'ties';
}
export interface WindowExpression extends Typed {
  readonly kind: 'window';
  readonly name: string;
  readonly args: readonly Expression[];
  readonly filter: Expression | undefined;
  readonly distinct: boolean;
  readonly ignoreNulls: boolean;
  readonly partition: readonly Expression[];
  readonly order: readonly SortItem[];
  readonly frame: Frame;
}
/** A query inside an expression; the plan builder turns it into a join or a constant. */
export interface SubqueryExpression extends Typed {
  readonly kind: 'subquery';
  readonly mode: 'scalar' | 'exists' | 'in';
  readonly plan: Plan;
  readonly columns: readonly OutputColumn[];
  /** For `in`: what is looked for, one for each column. */
  readonly needles: readonly Expression[];
  /** Columns of the queries around that its plan reads. */
  readonly outer: ReadonlySet<ColumnId>;
}

export type Expression =
  | ColumnExpression
  | LiteralExpression
  | CallExpression
  | CastExpression
  | CaseExpression
  | AggregateExpression
  | WindowExpression
  | SubqueryExpression;

export interface OutputColumn {
  readonly name: string;
  readonly id: ColumnId;
  readonly type: SqlType;
}

export interface Named<T extends Expression = Expression> {
  readonly id: ColumnId;
  readonly expression: T;
}

export interface ScanColumn {
  readonly id: ColumnId;
  readonly name: string;
  readonly type: SqlType;
}

export interface Scan {
  readonly kind: 'scan';
  readonly relation: Relation;
  readonly columns: readonly ScanColumn[];
  readonly predicate: Expression | undefined;
}
export interface Values {
  readonly kind: 'values';
  readonly columns: readonly ScanColumn[];
  readonly rows: readonly (readonly Expression[])[];
}
export interface Series {
  readonly kind: 'series';
  readonly column: ScanColumn;
  readonly start: Scalar;
  readonly stop: Scalar;
  readonly step: Scalar;
}
/** Each row as often as its lists are long, with their elements side by side. */
export interface Unnest {
  readonly kind: 'unnest';
  readonly input: Plan;
  readonly items: readonly Named[];
  /** Rows whose lists are empty stay, with NULLs. */
  readonly outer: boolean;
  /** 1, 2, ... within each row. */
  readonly ordinality: ColumnId | undefined;
}
/** Columns that JavaScript computes from the columns of each row, each item after those before. */
export interface Compute {
  readonly kind: 'compute';
  readonly input: Plan;
  readonly items: readonly Named<CallExpression>[];
}
/** WITH RECURSIVE: `step` is run on the rows of the round before until it gives none. */
export interface Recursive {
  readonly kind: 'recursive';
  readonly key: number;
  readonly name: string;
  /** UNION ALL; else a row that was there before is not taken again. */
  readonly all: boolean;
  readonly base: Plan;
  readonly step: Plan;
  readonly baseColumns: readonly ColumnId[];
  readonly stepColumns: readonly ColumnId[];
  readonly columns: readonly ScanColumn[];
}
/** The rows of the round before, inside a recursive query. */
export interface Working {
  readonly kind: 'working';
  readonly key: number;
  readonly name: string;
  /** Named by their places: "r0", "r1". */
  readonly columns: readonly ScanColumn[];
}
/** A part of the rows, picked by a hash of their number and the seed. */
export interface Sample {
  readonly kind: 'sample';
  readonly input: Plan;
  /** A share between 0 and 1, or how many rows. */
  readonly share: number | undefined;
  readonly rows: number | undefined;
  readonly seed: number;
}
export interface Filter {
  readonly kind: 'filter';
  readonly input: Plan;
  readonly predicate: Expression;
}
export interface Project {
  readonly kind: 'project';
  readonly input: Plan;
  readonly items: readonly Named[];
}
export interface Aggregate {
  readonly kind: 'aggregate';
  readonly input: Plan;
  readonly keys: readonly Named[];
  readonly aggregates: readonly Named<AggregateExpression>[];
}
export type JoinKind = 'inner' | 'left' | 'full' | 'semi' | 'anti';
export interface Join {
  readonly kind: 'join';
  readonly join: JoinKind;
  readonly left: Plan;
  readonly right: Plan;
  readonly keys: readonly {
    readonly left: Expression;
    readonly right: Expression;
    /** IS NOT DISTINCT FROM: null meets null. */
    readonly nullSafe?: boolean;
  }[];
  /** What else must hold, over the columns of both sides. */
  readonly residual: Expression | undefined;
}
export interface AsofJoin {
  readonly kind: 'asof';
  readonly left: Plan;
  readonly right: Plan;
  readonly by: Join['keys'];
  readonly leftOn: Expression;
  readonly rightOn: Expression;
  readonly direction: 'backward' | 'forward';
  readonly strict: boolean;
  readonly outer: boolean;
}
export interface Window {
  readonly kind: 'window';
  readonly input: Plan;
  readonly windows: readonly Named<WindowExpression>[];
}
export interface Sort {
  readonly kind: 'sort';
  readonly input: Plan;
  readonly items: readonly SortItem[];
}
export interface Limit {
  readonly kind: 'limit';
  readonly input: Plan;
  readonly count: number | undefined;
  readonly offset: number;
}
export interface Distinct {
  readonly kind: 'distinct';
  readonly input: Plan;
  /** DISTINCT ON: the first row of each. */
  readonly on: readonly ColumnId[] | undefined;
}
export interface SetOperation {
  readonly kind: 'set';
  readonly operation: 'union' | 'intersect' | 'except';
  readonly all: boolean;
  readonly inputs: readonly Plan[];
  /** Each input's columns in order, and the ids that the result gives them. */
  readonly inputColumns: readonly (readonly ColumnId[])[];
  readonly columns: readonly ScanColumn[];
}
/** A WITH query: planned once, run once when read more than once. */
export interface Shared {
  readonly kind: 'shared';
  readonly key: number;
  readonly name: string;
  readonly definition: { plan: Plan; uses: number };
  /** The ids this use gives to the definition's columns. */
  readonly columns: readonly (ScanColumn & { readonly from: ColumnId })[];
}

export type Plan =
  | Scan
  | Values
  | Series
  | Unnest
  | Recursive
  | Working
  | Sample
  | Compute
  | Filter
  | Project
  | Aggregate
  | Join
  | AsofJoin
  | Window
  | Sort
  | Limit
  | Distinct
  | SetOperation
  | Shared;

/**
 * Polars expressions as the engine's own serialized form (polars-plan's `Expr`, as serde writes
 * it), deserialized once per finished expression. nodejs-polars exposes only part of the engine:
 * no Int128, no strict casts inside a plan, no offset_by, no untyped NULL of a given type; its
 * literals are all Float64. The form is that of the pinned nodejs-polars 0.26.1 (Polars 0.55);
 * test/compute/dsl.test.ts builds every shape used here against the installed binary.
 */
import { type Expr, polars } from './polars.ts';

/** One node: a unit variant ("Len") or a variant with its fields. */
export type Dsl = string | { readonly [variant: string]: unknown };

/** A Polars data type in the same form: "Int64", {"Decimal":[38,2]}, {"List":"String"}. */
export type Dtype = string | { readonly [variant: string]: unknown };

/** serde_json accepts integers of 128 bits, which JSON.stringify cannot write. */
export function serialize(node: unknown): string {
  if (typeof node === 'bigint') return node.toString();
  if (Array.isArray(node)) return `[${node.map(serialize).join(',')}]`;
  if (node !== null && typeof node === 'object') {
    const fields = Object.entries(node).map(
      ([key, value]) => `${JSON.stringify(key)}:${serialize(value)}`,
    );
    return `{${fields.join(',')}}`;
  }
  return JSON.stringify(node);
}

/** The finished expression, named `name` when given. */
export function expression(node: Dsl, name?: string): Expr {
  const named = name === undefined ? node : alias(node, name);
  return polars().Expr.deserialize(Buffer.from(serialize(named)), 'json') as Expr;
}

export const column = (name: string): Dsl => ({ Column: name });
export const alias = (node: Dsl, name: string): Dsl => ({ Alias: [node, name] });
export const len: Dsl = 'Len';

export const scalar = (kind: string, value: unknown): Dsl => ({
  Literal: { Scalar: { [kind]: value } },
});
export const int64 = (value: number | bigint): Dsl => scalar('Int64', BigInt(value));
export const int128 = (value: number | bigint): Dsl => scalar('Int128', BigInt(value));
export const text = (value: string): Dsl => scalar('String', value);
export const bool = (value: boolean): Dsl => scalar('Boolean', value);
/** JSON has no NaN or infinity, and JavaScript writes -0 as 0: those go through their names. */
export const float64 = (value: number): Dsl => {
  if (Object.is(value, -0)) return cast(text('-0.0'), 'Float64');
  return Number.isFinite(value) ? scalar('Float64', value) : cast(text(String(value)), 'Float64');
};
export const nullOf = (dtype: Dtype): Dsl => cast(scalar('Null', 'Null'), dtype);

/** A strict cast fails the query on a value that does not convert; else it becomes null. */
export const cast = (node: Dsl, dtype: Dtype, strict = false): Dsl => ({
  Cast: { expr: node, dtype: { Literal: dtype }, options: strict ? 'Strict' : 'NonStrict' },
});

export type BinaryOp =
  | 'Eq'
  | 'EqValidity'
  | 'NotEq'
  | 'NotEqValidity'
  | 'Lt'
  | 'LtEq'
  | 'Gt'
  | 'GtEq'
  | 'Plus'
  | 'Minus'
  | 'Multiply'
  | 'RustDivide'
  | 'TrueDivide'
  | 'FloorDivide'
  | 'Modulus'
  | 'And'
  | 'Or'
  | 'Xor';

export const binary = (op: BinaryOp, left: Dsl, right: Dsl): Dsl => ({
  BinaryExpr: { left, op, right },
});
export const and = (...nodes: readonly Dsl[]): Dsl => nodes.reduce((a, b) => binary('And', a, b));
export const or = (...nodes: readonly Dsl[]): Dsl => nodes.reduce((a, b) => binary('Or', a, b));

/** A function of the engine: its variant, then its inputs. */
export const call = (variant: unknown, ...input: readonly Dsl[]): Dsl => ({
  Function: { input, function: variant },
});
export const stringCall = (variant: unknown, ...input: readonly Dsl[]): Dsl =>
  call({ StringExpr: variant }, ...input);
export const timeCall = (variant: unknown, ...input: readonly Dsl[]): Dsl =>
  call({ TemporalExpr: variant }, ...input);
export const listCall = (variant: unknown, ...input: readonly Dsl[]): Dsl =>
  call({ ListExpr: variant }, ...input);
export const boolCall = (variant: unknown, ...input: readonly Dsl[]): Dsl =>
  call({ Boolean: variant }, ...input);

export const not = (node: Dsl): Dsl => boolCall('Not', node);
export const isNull = (node: Dsl): Dsl => boolCall('IsNull', node);
export const isNotNull = (node: Dsl): Dsl => boolCall('IsNotNull', node);
export const coalesce = (...nodes: readonly Dsl[]): Dsl => call('Coalesce', ...nodes);
/** Nulls count as nothing. */
export const sumAcross = (...nodes: readonly Dsl[]): Dsl =>
  call({ SumHorizontal: { ignore_nulls: true } }, ...nodes);

export const ternary = (predicate: Dsl, truthy: Dsl, falsy: Dsl): Dsl => ({
  Ternary: { predicate, truthy, falsy },
});

const extremes: ReadonlySet<string> = new Set(['Min', 'Max']);

export const agg = (variant: string, node: Dsl): Dsl => ({
  Agg: {
    // NaN is the greatest double, in SQL as in the engine's own order.
    [variant]: extremes.has(variant) ? { input: node, propagate_nans: variant === 'Max' } : node,
  },
});
/** The greatest that is no NaN; NaN where there is nothing else. */
export const greatestKnown = (node: Dsl): Dsl => ({
  Agg: { Max: { input: node, propagate_nans: false } },
});
/** Rows where `node` is not null. */
export const countOf = (node: Dsl): Dsl => ({
  Agg: { Count: { input: node, include_nulls: false } },
});
export const std = (node: Dsl, ddof: number): Dsl => ({ Agg: { Std: [node, ddof] } });
export const variance = (node: Dsl, ddof: number): Dsl => ({ Agg: { Var: [node, ddof] } });
export const filter = (node: Dsl, by: Dsl): Dsl => ({ Filter: { input: node, by } });

export interface SortKey {
  readonly node: Dsl;
  readonly descending: boolean;
  readonly nullsLast: boolean;
}

export const sortBy = (node: Dsl, keys: readonly SortKey[]): Dsl => ({
  SortBy: {
    expr: node,
    by: keys.map((key) => key.node),
    sort_options: {
      descending: keys.map((key) => key.descending),
      nulls_last: keys.map((key) => key.nullsLast),
      multithreaded: true,
      maintain_order: true,
      limit: null,
    },
  },
});

/** `node` evaluated within each group of `partition`, one value for each row. */
export const over = (node: Dsl, partition: readonly Dsl[]): Dsl => ({
  Over: { function: node, partition_by: partition, order_by: null, mapping: 'GroupsToRows' },
});

/** What stands for each element inside eachElement() and ofElements(). */
export const element: Dsl = 'Element';
/** The list with `node`, over `element`, in the place of its elements. */
export const eachElement = (list: Dsl, node: Dsl): Dsl => ({
  Eval: { expr: list, evaluation: node, variant: 'List' },
});
/** The one value that `node` makes of all elements of a list. */
export const ofElements = (list: Dsl, node: Dsl): Dsl => ({
  Eval: { expr: list, evaluation: node, variant: 'ListAgg' },
});
/** Lists laid end to end, or a list of lists made flat. */
export const explode = (node: Dsl): Dsl => ({
  Explode: { input: node, options: { empty_as_null: false, keep_nulls: false } },
});
export const slice = (node: Dsl, offset: Dsl, length: Dsl): Dsl => ({
  Slice: { input: node, offset, length },
});
export const sorted = (node: Dsl, descending: boolean, nullsLast: boolean): Dsl => ({
  Sort: {
    expr: node,
    options: {
      descending,
      nulls_last: nullsLast,
      multithreaded: false,
      maintain_order: false,
      limit: null,
    },
  },
});
export const implode = (node: Dsl): Dsl => ({
  Agg: { Implode: { input: node, maintain_order: true } },
});
/** One struct of the named values. */
export const struct = (fields: readonly (readonly [string, Dsl])[]): Dsl =>
  call('AsStruct', ...fields.map(([name, node]) => alias(node, name)));
export const field = (node: Dsl, name: string): Dsl =>
  call({ StructExpr: { FieldByName: name } }, node);

/** start, start + 1, ... up to but without end. */
export const intRange = (start: Dsl, end: Dsl): Dsl =>
  call({ Range: { IntRange: { step: 1, dtype: { Literal: 'Int64' } } } }, start, end);

/** `node` rows later (positive) or earlier (negative). */
export const shift = (node: Dsl, by: number): Dsl => call('Shift', node, int64(by));

/** The stored integer of a decimal, date, time or duration. */
export const physical = (node: Dsl): Dsl => call('ToPhysical', node);

/** SQL text to a query that can be run: the door of this room. */
import type { DataFrame, LazyFrame } from '../compute/polars.ts';
import { atOnce, collect } from '../compute/polars.ts';
import type { Column, Relation } from '../compute/relation.ts';
import {
  type BindOptions,
  Context,
  type ParameterValue,
  type TableReference,
} from './bind/context.ts';
import { bindQuery, bindStatement } from './bind/query.ts';
import { type PieceRows, pieceRows } from './bounded/pieces.ts';
import { runPieces, runWindows, streamedIn, wholeBecause } from './bounded/run.ts';
import { explainPlan } from './explain.ts';
import { goesThroughFewRows } from './few-rows.ts';
import { aggregatesFromBytes, howOf, runFromBytes, scansOf } from './from-bytes.ts';
import type { Expression, OutputColumn, Plan } from './ir.ts';
import { Lowerer } from './lower/plan.ts';
import {
  DESCRIBE_COLUMNS,
  describe,
  EXPLAIN_COLUMNS,
  explained,
  SUMMARIZE_COLUMNS,
  summarize,
} from './modes.ts';
import { cutDeep } from './optimize/deep.ts';
import { pickFiles } from './optimize/files.ts';
import { inlineShared, sharedIn } from './optimize/inline.ts';
import { orderJoins } from './optimize/order.ts';
import { prune } from './optimize/prune.ts';
import { push } from './optimize/push.ts';
import { parse } from './parse.ts';
import { rareIfLoaded, withRare } from './rare.ts';
import { type Read, readsOf } from './reads.ts';
import { explainFailure, narrowed, outputFrame } from './result.ts';
import { withinStack } from './source.ts';
import { tablesOf } from './tables.ts';
import { typeName } from './types.ts';
import { mapChildren, mapExpressions, mapInputs } from './walk.ts';

export type { ParameterValue, TableReference } from './bind/context.ts';
export type { Read } from './reads.ts';

export interface CompileOptions {
  readonly parameters?: Readonly<Record<string, ParameterValue>>;
  /** The moment now() means; the same for the whole query. */
  readonly now?: Date;
  /** The session's zone: how instants are shown and read. UTC when left out. */
  readonly timeZone?: string;
}

/** Rows of a result as they come; columns are places in CompiledQuery.columns. */
export interface ResultRows {
  scan(columns: readonly NamedPlace[]): LazyFrame;
  /** In bounded memory, each piece collected. */
  segments(columns: readonly NamedPlace[]): AsyncIterable<LazyFrame>;
}

export interface NamedPlace {
  readonly at: number;
  readonly name: string;
}

export interface CompiledQuery {
  readonly mode: 'query' | 'describe' | 'summarize' | 'explain';
  /** As PostgreSQL names them; a name may stand twice (the frame then calls the second "a:1"). */
  readonly columns: readonly Column[];
  readonly reads: readonly Read[];
  /**
   * Computes the aggregates that Parquet pages or a text answer without Polars; `run` takes them
   * from there.
   * Gives what is left to read.
   */
  prepare(): Promise<readonly Read[]>;
  /** The whole result, computed at once; NairobiError on bad data. */
  run(): DataFrame;
  /** The same window by window where that takes less than run(), else undefined. */
  runWindows(): Promise<DataFrame | undefined>;
  /**
   * The same piece by piece, in memory bounded by the result; undefined when it cannot be. Throws
   * MEMORY_LIMIT when what has to be kept takes more than `roomBytes`.
   */
  readonly runBounded: ((roomBytes?: number) => Promise<DataFrame>) | undefined;
  /** Where its rows need not be there all at once: for who goes through them. */
  readonly rows: ResultRows | undefined;
  /** What keeps it from running piece by piece, in words: "median() needs all rows". */
  readonly wholeBecause: string | undefined;
  /** The plan as text, for EXPLAIN. */
  explain(): string;
}

/** Every table and file a query names, once for each name. */
export async function tablesIn(sql: string): Promise<TableReference[]> {
  return tablesOf(await parse(sql));
}

/** Filters down, joins in order; subqueries in expressions are plans of their own. */
function improve(plan: Plan): Plan {
  const inExpression = (expression: Expression): Expression => {
    const mapped = mapChildren(expression, inExpression);
    return mapped.kind === 'subquery' ? { ...mapped, plan: improve(mapped.plan) } : mapped;
  };
  const inNodes = (each: Plan): Plan => mapExpressions(mapInputs(each, inNodes), inExpression);
  return inNodes(orderJoins(push(plan, [])));
}

function optimize(plan: Plan, columns: readonly OutputColumn[]): Plan {
  const needed = new Set(columns.map((column) => column.id));
  const inlined = inlineShared(plan);
  const shared = sharedIn(inlined);
  for (const definition of shared.values()) {
    definition.plan = improve(inlineShared(definition.plan));
  }
  return prune(improve(inlined), needed, shared);
}

/**
 * Parses, binds and plans. `relations` answers for each table named, and throws NOT_FOUND for one
 * that is not there. Throws BAD_SQL, UNKNOWN_COLUMN or NOT_SUPPORTED with the place in the text.
 */
export function compile(
  sql: string,
  relations: (reference: TableReference) => Relation,
  options: CompileOptions = {},
): Promise<CompiledQuery> {
  return withinStack(() => compiled(sql, relations, options));
}

async function compiled(
  sql: string,
  relations: (reference: TableReference) => Relation,
  options: CompileOptions,
): Promise<CompiledQuery> {
  const parsed = await parse(sql);
  const bindOptions: BindOptions = {
    parameters: options.parameters ?? {},
    now: options.now ?? new Date(),
    timeZone: options.timeZone ?? 'UTC',
  };
  const known = new Map<string, Relation>();
  const relation = (reference: TableReference): Relation => {
    const key = `${reference.file}:${reference.name}`;
    const found = known.get(key) ?? relations(reference);
    known.set(key, found);
    return found;
  };
  const { context, bound } = await withRare(() => {
    const { source, marks } = parsed;
    const fresh = new Context({ source, marks, options: bindOptions, relation, bindQuery });
    return { context: fresh, bound: bindStatement(fresh, parsed.select, parsed.views) };
  });
  if (parsed.mode === 'summarize') return summary(context, bound.plan, bound.columns);
  const query = planned(bound.plan, bound.columns);
  if (parsed.mode === 'describe') {
    return {
      ...about(query, 'describe', DESCRIBE_COLUMNS, () => describe(bound.columns)),
      reads: [],
    };
  }
  if (parsed.mode === 'explain') {
    return {
      ...about(query, 'explain', EXPLAIN_COLUMNS, () => explained(query.explain())),
      reads: [],
    };
  }
  return query;
}

/** The same query asked about instead of run. */
function about(
  query: CompiledQuery,
  mode: CompiledQuery['mode'],
  columns: readonly Column[],
  run: () => DataFrame,
): CompiledQuery {
  const runBounded =
    query.runBounded === undefined ? undefined : async (): Promise<DataFrame> => run();
  const runWindows = async (): Promise<undefined> => undefined;
  const prepare = async (): Promise<readonly Read[]> => [];
  return { ...query, mode, columns, rows: undefined, prepare, run, runWindows, runBounded };
}

function planned(bound: Plan, output: readonly OutputColumn[]): CompiledQuery {
  const optimized = pickFiles(optimize(bound, output));
  const plan = cutDeep(rareIfLoaded()?.extractRows(optimized) ?? optimized);
  const because = wholeBecause(plan);
  const reads = readsOf(plan);
  let computed: ReadonlyMap<Plan, LazyFrame> = new Map();
  return {
    mode: 'query',
    columns: output.map(({ name, type }) => ({ name, type: typeName(type) })),
    reads,
    prepare: async () => {
      computed = await runFromBytes(aggregatesFromBytes(plan));
      return reads.filter(({ relation }) => {
        const scans = reads.filter((read) => read.relation === relation).length;
        return scans > scansOf(relation, computed.keys());
      });
    },
    run: () =>
      goesThroughFewRows(plan)
        ? atOnce(() => runWhole(plan, output, computed))
        : runWhole(plan, output, computed),
    rows: resultRows(pieceRows(plan), output),
    wholeBecause: because,
    runWindows: () => runInWindows(plan, output),
    runBounded: because === undefined ? (room) => runBounded(plan, output, room) : undefined,
    explain: () => explainPlan(plan, howOf(aggregatesFromBytes(plan), streamedIn(plan))),
  };
}

function resultRows(
  rows: PieceRows | undefined,
  output: readonly OutputColumn[],
): ResultRows | undefined {
  if (rows === undefined) return undefined;
  const named = (columns: readonly NamedPlace[]): OutputColumn[] =>
    columns.flatMap(({ at, name }) => {
      const column = output[at];
      return column === undefined ? [] : [{ ...column, name }];
    });
  return {
    scan: (columns) => rows.scan(named(columns)),
    segments: (columns) => rows.segments(named(columns)),
  };
}

function summary(context: Context, plan: Plan, columns: readonly OutputColumn[]): CompiledQuery {
  const asked = summarize(context, plan, columns);
  const query = planned(asked.plan, asked.columns);
  return {
    ...query,
    mode: 'summarize',
    columns: SUMMARIZE_COLUMNS,
    rows: undefined,
    run: () => asked.present(query.run()),
    runWindows: async () => undefined,
    runBounded:
      query.runBounded &&
      (async (room) => asked.present((await query.runBounded?.(room)) as DataFrame)),
  };
}

async function runBounded(
  plan: Plan,
  columns: readonly OutputColumn[],
  roomBytes: number | undefined,
): Promise<DataFrame> {
  try {
    return narrowed(collect(outputFrame(await runPieces(plan, roomBytes), columns)), columns);
  } catch (error) {
    throw explainFailure(error);
  }
}

async function runInWindows(
  plan: Plan,
  columns: readonly OutputColumn[],
): Promise<DataFrame | undefined> {
  try {
    const frame = await runWindows(plan);
    return frame && narrowed(collect(outputFrame(frame, columns)), columns);
  } catch (error) {
    throw explainFailure(error);
  }
}

function runWhole(
  plan: Plan,
  columns: readonly OutputColumn[],
  computed: ReadonlyMap<Plan, LazyFrame>,
): DataFrame {
  try {
    const frame = new Lowerer(undefined, computed).frame(plan);
    return narrowed(collect(outputFrame(frame, columns)), columns);
  } catch (error) {
    throw explainFailure(error);
  }
}

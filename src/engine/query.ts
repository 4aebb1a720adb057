/** query: SQL over files. */
import { FrameRelation } from '../compute/frame-relation.ts';
import { type DataFrame, polars } from '../compute/polars.ts';
import type { Column, Relation } from '../compute/relation.ts';
import { NairobiError } from '../errors.ts';
import { uniqueNames } from '../formats/names.ts';
import type { Understood } from '../formats/options.ts';
import { parse } from '../sql/parse.ts';
import { type CompiledQuery, compile, type ParameterValue } from '../sql/plan.ts';
import { closest } from '../suggest.ts';
import { formatBytes, MiB } from '../units.ts';
import { QueryRelation } from './inputs/query-relation.ts';
import type { SourceRelation } from './inputs/source-relation.ts';
import { type SourceArgument, tableName } from './inputs/sources.ts';
import type { Piece } from './pieces/piece.ts';
import type { Session } from './session.ts';

export interface QueryRequest {
  readonly sql: string;
  readonly sources: readonly SourceArgument[];
  readonly parameters?: Readonly<Record<string, ParameterValue>>;
  readonly timeZone?: string;
  /** The first source, where it is open already: a pipe cannot be read again. */
  readonly opened?: SourceRelation;
}

export interface QueryResult {
  /** Its own names are unique; `columns` has those the query gives, which need not be. */
  readonly frame: DataFrame;
  readonly columns: readonly Column[];
}

/** What a query would do, found out without doing it. */
export interface QueryOutline {
  readonly columns: readonly Column[];
  readonly reads: readonly { readonly table: string; readonly columns: readonly string[] }[];
  readonly files: readonly ({ readonly path: string; readonly bytes: number } & Understood)[];
  readonly plan: string;
}

/** Runs the query whole; a late contradiction of an inferred type plans it anew. */
export async function query(session: Session, request: QueryRequest): Promise<QueryResult> {
  // Polars takes 20 ms of this thread, during which V8 compiles the parser on others. What is
  // parsed here is remembered for the planner.
  await Promise.all([parse(request.sql), Promise.resolve().then(polars)]);
  const tables = new Tables(session, request);
  return session.attempt(async () => {
    const compiled = await planWithin(tables, request, session);
    if (mayGrow(compiled, session)) session.watchMemory();
    const frame = await session.reporter.time('compute', () => runWithin(compiled, session));
    return { frame, columns: compiled.columns };
  });
}

/**
 * The rows of a query as a relation called "data", planned anew whenever it is asked for, which is
 * to be within Session.attempt. What is long passes in pieces where the query allows it.
 */
export function queried(session: Session, request: QueryRequest): () => Promise<Relation> {
  const tables = new Tables(session, request);
  let whole: Relation | undefined;
  return async () => {
    if (whole !== undefined) return whole;
    const compiled = await planWithin(tables, request, session);
    const unique = uniqueNames(compiled.columns.map(({ name }) => name));
    const columns = compiled.columns.map(({ type }, at) => ({ name: unique[at] ?? '', type }));
    const { rows } = compiled;
    if (rows !== undefined && isLong(compiled, session)) {
      return new QueryRelation('data', compiled, rows, columns);
    }
    if (mayGrow(compiled, session)) session.watchMemory();
    const frame = await session.reporter.time('compute', () => runWithin(compiled, session));
    whole = new FrameRelation('data', frame, columns);
    return whole;
  };
}

/** Joins, and what makes rows itself, make far more than they read; a named limit is meant. */
const mayGrow = ({ reads }: CompiledQuery, { options }: Session): boolean =>
  reads.length !== 1 || options.host.memoryLimit !== undefined;

/** What is not worth its memory while its rows are gone through, perhaps more than once. */
function isLong(compiled: CompiledQuery, { relations, sizes }: Session): boolean {
  const byteLength = relations.reduce((sum, relation) => sum + relation.byteLength, 0);
  return !fits(compiled) || byteLength > sizes.regionBytes;
}

const fits = ({ reads }: Pick<CompiledQuery, 'reads'>): boolean =>
  reads.every(({ relation }) => relation.fits);

/** Reads streams whole, short ones first, until the plan fits or can be taken piece by piece. */
async function planWithin(
  tables: Tables,
  request: QueryRequest,
  session: Session,
): Promise<CompiledQuery> {
  for (;;) {
    const compiled = await planKnown(tables, request, session);
    session.requireNamedTypes();
    // Files that this plan had opened may have widened a type.
    if (session.relations.filter((relation) => relation.hasOtherColumns()).length > 0) continue;
    if (fits(compiled) || compiled.runBounded !== undefined) return compiled;
    // What was read whole may have other columns than its beginning.
    if (!loadOne(session, compiled)) return compiled;
  }
}

/** Reads the shortest stream whole; false when there is none. */
function loadOne(session: Session, { wholeBecause }: CompiledQuery): boolean {
  const bySize = session.relations.toSorted((one, other) => sizeOf(one) - sizeOf(other));
  try {
    return bySize.some((relation) => relation.load());
  } catch (error) {
    if (!(error instanceof NairobiError) || error.code !== 'MEMORY_LIMIT') throw error;
    const limit = formatBytes(session.plan.memoryLimit);
    const because = wholeBecause ?? 'it cannot be taken apart';
    throw new NairobiError(
      'MEMORY_LIMIT',
      `The query needs all rows at once (${because}), which is more than the limit of ${limit}`,
      {
        hint: `${error.hint ?? 'raise --memory-limit'}, or read fewer columns or files`,
        cause: error,
      },
    );
  }
}

/** A column that nobody knows, or whose type does not fit, may be told about late in a stream. */
async function planKnown(
  tables: Tables,
  request: QueryRequest,
  session: Session,
): Promise<CompiledQuery> {
  try {
    return await plan(tables, request);
  } catch (error) {
    const isAboutColumns =
      error instanceof NairobiError && ['UNKNOWN_COLUMN', 'BAD_SQL'].includes(error.code);
    if (!isAboutColumns || !(await findColumns(session))) throw error;
    return plan(tables, request);
  }
}

/** True when some relation has other columns now. */
async function findColumns(session: Session): Promise<boolean> {
  let found = false;
  for (const relation of session.relations) {
    try {
      found = (await relation.findColumns()) || found;
    } catch (error) {
      // A pipe that does not fit keeps what it holds to itself.
      if (!(error instanceof NairobiError) || error.code !== 'MEMORY_LIMIT') throw error;
    }
  }
  return found;
}

/** Of a pipe nobody knows. */
const sizeOf = ({ byteLength }: SourceRelation): number =>
  byteLength === 0 ? Number.POSITIVE_INFINITY : byteLength;

/** At once when what is read fits the memory limit, else piece by piece where the plan allows. */
async function runWithin(compiled: CompiledQuery, session: Session): Promise<DataFrame> {
  const reads = await compiled.prepare();
  if (fits({ reads })) {
    const isAsPlanned = reads.length === compiled.reads.length;
    const frame = isAsPlanned ? await compiled.runWindows() : undefined;
    if (frame !== undefined) return frame;
    await prepare(reads);
    return compiled.run();
  }
  if (compiled.runBounded !== undefined) return compiled.runBounded(session.plan.memoryLimit);
  const limit = session.plan.memoryLimit;
  const needed = session.relations.reduce((sum, relation) => sum + relation.byteLength, 0) * 2;
  throw new NairobiError(
    'MEMORY_LIMIT',
    `The query needs all rows at once (${compiled.wholeBecause ?? 'it cannot be taken apart'}), ` +
      `about ${formatBytes(needed)}, and the limit is ${formatBytes(limit)}`,
    { hint: `pass --memory-limit ${Math.ceil(needed / MiB)}MiB, or read fewer columns or files` },
  );
}

/** Says of each table all that is read of it. */
async function prepare(reads: CompiledQuery['reads']): Promise<void> {
  const columnsOf = new Map<Relation, Set<string>>();
  for (const { relation, columns } of reads) {
    const all = columnsOf.get(relation) ?? new Set();
    for (const column of columns) all.add(column);
    columnsOf.set(relation, all);
  }
  for (const [relation, columns] of columnsOf) await relation.prepare?.([...columns]);
}

/** Opens what the query names and plans it; reads no more than that takes. */
export async function outline(session: Session, request: QueryRequest): Promise<QueryOutline> {
  const tables = new Tables(session, request);
  let compiled = await plan(tables, request);
  while (session.relations.filter((relation) => relation.hasOtherColumns()).length > 0)
    compiled = await plan(tables, request);
  session.requireNamedTypes();
  return {
    columns: compiled.columns,
    reads: compiled.reads.map(({ relation, columns }) => ({ table: relation.name, columns })),
    files: session.relations.flatMap((relation) =>
      relation.pieces.filter(isOpen).map(({ file, understood }) => ({
        path: file.path,
        bytes: file.size,
        ...understood,
      })),
    ),
    plan: compiled.explain(),
  };
}

const isOpen = ({ isDeferred }: Piece): boolean => isDeferred !== true;

function plan(tables: Tables, request: QueryRequest): Promise<CompiledQuery> {
  const { parameters, timeZone } = request;
  return compile(request.sql, (reference) => tables.find(reference), {
    ...(parameters === undefined ? {} : { parameters }),
    ...(timeZone === undefined ? {} : { timeZone }),
  });
}

/** What may stand behind FROM: the sources by name, files by path, stdin. Opened when named. */
const keyOf = ({ name, path }: SourceArgument): string => `${name}=${path}`;

class Tables {
  readonly #session: Session;
  readonly #sources = new Map<string, SourceArgument>();
  readonly #opened = new Map<string, SourceRelation>();

  constructor(session: Session, { sources, opened }: Pick<QueryRequest, 'sources' | 'opened'>) {
    this.#session = session;
    for (const source of sources) this.#sources.set(tableName(source).toLowerCase(), source);
    const [only] = sources;
    if (only !== undefined && opened !== undefined) this.#opened.set(keyOf(only), opened);
    // So that a script need not know how its file is called.
    if (sources.length === 1 && only !== undefined && !this.#sources.has('data')) {
      this.#sources.set('data', only);
    }
  }

  find(reference: { readonly name: string; readonly file: boolean }): SourceRelation {
    return this.#open(reference.file ? fromFile(reference.name) : this.#named(reference.name));
  }

  #open(source: SourceArgument): SourceRelation {
    const key = keyOf(source);
    const known = this.#opened.get(key);
    if (known !== undefined) return known;
    const relation = this.#session.open(source, true);
    this.#opened.set(key, relation);
    return relation;
  }

  #named(name: string): SourceArgument {
    const source = this.#sources.get(name.toLowerCase());
    if (source !== undefined) return source;
    if (name.toLowerCase() === 'stdin') return { name: 'stdin', path: '-' };
    const names = [...this.#sources.keys()];
    const near = closest(name, names);
    const known =
      names.length === 0
        ? `name a file in quotes: FROM '${name}.csv'`
        : `the tables are ${names.join(', ')}; a file is named in quotes: FROM '${name}.csv'`;
    throw new NairobiError('NOT_FOUND', `There is no table "${name}"`, {
      hint: near === undefined ? known : `did you mean ${near}?`,
    });
  }
}

const fromFile = (path: string): SourceArgument => ({ name: path, path });

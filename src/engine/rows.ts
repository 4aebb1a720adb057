/** The rows a command works on: all of a source, or what --where or --sql leaves of it. */
import { FrameRelation } from '../compute/frame-relation.ts';
import type { Relation } from '../compute/relation.ts';
import { NairobiError } from '../errors.ts';
import { uniqueNames } from '../formats/names.ts';
import type { SourceArgument } from './inputs/sources.ts';
import { query } from './query.ts';
import type { Session } from './session.ts';

export interface RowWish {
  /** A condition in SQL. */
  readonly where?: string | undefined;
  /** A whole query; the source is the table "data", or has its own name. */
  readonly sql?: string | undefined;
}

/** Opens the source and, when anything is wished for, asks it first. */
export async function openRows(
  session: Session,
  source: SourceArgument,
  { where, sql }: RowWish,
): Promise<Relation> {
  if (where === undefined && sql === undefined) {
    const relation = session.open(source);
    session.requireNamedTypes();
    return relation;
  }
  if (where !== undefined && sql !== undefined) {
    throw new NairobiError('USAGE', '--sql and --where do not go together', {
      hint: 'put the condition into the query',
    });
  }
  // A line end, so that a comment in the condition ends there.
  const text = sql ?? `select * from data where (${where}\n)`;
  const { frame, columns } = await query(session, { sql: text, sources: [source] });
  const names = uniqueNames(columns.map(({ name }) => name));
  const named = columns.map(({ type }, index) => ({ name: names[index] ?? '', type }));
  return new FrameRelation('data', frame, named);
}

/** The rows a command works on: all of a source, or what --where or --sql leaves of it. */
import type { Relation } from '../compute/relation.ts';
import { NairobiError } from '../errors.ts';
import type { ParameterValue } from '../sql/plan.ts';
import type { SourceArgument } from './inputs/sources.ts';
import { queried } from './query.ts';
import type { Session } from './session.ts';

export interface RowWish {
  /** A condition in SQL. */
  readonly where?: string | undefined;
  /** A whole query; the source is the table "data", or has its own name. */
  readonly sql?: string | undefined;
  /** Values for $name in either. */
  readonly parameters?: Readonly<Record<string, ParameterValue>>;
}

/**
 * Opens the source. What is given back is to be asked for the rows within Session.attempt, at each
 * attempt anew: what a query gives depends on what is known of the types.
 */
export function openRows(
  session: Session,
  source: SourceArgument,
  { where, sql, parameters }: RowWish,
): () => Promise<Relation> {
  if (where === undefined && sql === undefined) {
    const relation = session.open(source);
    session.requireNamedTypes();
    return () => Promise.resolve(relation);
  }
  if (where !== undefined && sql !== undefined) {
    throw new NairobiError('USAGE', '--sql and --where do not go together', {
      hint: 'put the condition into the query',
    });
  }
  // A line end, so that a comment in the condition ends there.
  const text = sql ?? `select * from data where (${where}\n)`;
  const values = parameters === undefined ? {} : { parameters };
  return queried(session, { sql: text, sources: [source], ...values });
}

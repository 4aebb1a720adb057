/** What happens to rows between source and target. Said in SQL, run by the query planner. */
import { closeSync, openSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { align } from '../../compute/align.ts';
import { collect, type DataFrame, polars } from '../../compute/polars.ts';
import type { Column, Relation } from '../../compute/relation.ts';
import { columnsOf, isNumericType } from '../../compute/types.ts';
import { NairobiError } from '../../errors.ts';
import { openUnnamed } from '../../ingest/commit/durable.ts';
import { ParquetWriter } from '../../ingest/parquet/writer.ts';
import { compile } from '../../sql/plan.ts';

export interface TransformWishes {
  readonly select: string | undefined;
  readonly where: string | undefined;
  /** Old name -> new name. */
  readonly rename: Readonly<Record<string, string>>;
  /** A whole query over the table "input". */
  readonly sql: string | undefined;
  readonly dedupe: readonly string[];
  /** Length of a bucket, as a duration; with `agg` and `by`. */
  readonly downsample: string | undefined;
  readonly agg: readonly string[];
  readonly by: readonly string[];
  readonly sort: readonly string[];
}

const AGGREGATES: Readonly<Record<string, string>> = {
  mean: 'avg',
  avg: 'avg',
  min: 'min',
  max: 'max',
  sum: 'sum',
  count: 'count',
  first: 'first',
  last: 'last',
  median: 'median',
  std: 'stddev',
};

const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`;

export class Transform implements Disposable {
  readonly columns: readonly Column[];
  /** True when each batch can be transformed by itself. */
  readonly #perBatch: boolean;
  readonly #sql: string;
  readonly #dedupe: readonly string[];
  #spool: Spool | undefined;

  private constructor(
    sql: string,
    dedupe: readonly string[],
    perBatch: boolean,
    columns: readonly Column[],
  ) {
    this.#sql = sql;
    this.#dedupe = dedupe;
    this.#perBatch = perBatch;
    this.columns = columns;
  }

  /** Undefined when nothing is wished. */
  static async open(
    wishes: TransformWishes,
    columns: readonly Column[],
  ): Promise<Transform | undefined> {
    const sql = sqlOf(wishes, columns);
    if (sql === undefined && wishes.dedupe.length === 0) return undefined;
    const text = sql ?? 'select * from input';
    const unknown = wishes.dedupe.find((name) => !columns.some((one) => one.name === name));
    if (unknown !== undefined)
      throw new NairobiError('UNKNOWN_COLUMN', `--dedupe: there is no column "${unknown}"`);
    const query = await compile(text, () => emptyRelation(columns));
    const needsAll =
      wishes.sql !== undefined ||
      wishes.dedupe.length > 0 ||
      wishes.sort.length > 0 ||
      /aggregate|window|distinct|sort|limit/i.test(query.explain());
    // Types are those of the rows that come out, decided once.
    const sample = query.run();
    return new Transform(text, wishes.dedupe, !needsAll, columnsOf(sample));
  }

  /** The rows a batch becomes; undefined when they come at the end. */
  async apply(frame: DataFrame): Promise<DataFrame | undefined> {
    if (this.#perBatch) return await this.run(relationOf(frame));
    this.#spool ??= openSpool();
    this.#spool.writer.append(frame);
    return undefined;
  }

  /** The rows that could only be known at the end; undefined when there are none. */
  async finish(): Promise<DataFrame | undefined> {
    if (this.#spool === undefined) return undefined;
    const { fd, writer } = this.#spool;
    writer.close();
    const path = `/proc/self/fd/${fd}`;
    const frame = collect(polars().scanParquet(path, { glob: false } as never));
    const first =
      this.#dedupe.length === 0
        ? frame
        : frame.unique({ maintainOrder: true, subset: [...this.#dedupe], keep: 'first' });
    const rows = await this.run(relationOf(first));
    this[Symbol.dispose]();
    return rows;
  }

  private async run(relation: Relation): Promise<DataFrame> {
    return (await compile(this.#sql, () => relation)).run();
  }

  [Symbol.dispose](): void {
    if (this.#spool === undefined) return;
    this.#spool.writer.abandon();
    closeSync(this.#spool.fd);
    this.#spool = undefined;
  }
}

/** Rows that are kept until the end, in a file without a name: nothing can be left behind. */
interface Spool {
  readonly fd: number;
  readonly writer: ParquetWriter;
}

function openSpool(): Spool {
  const written = openUnnamed(tmpdir());
  const fd = openSync(`/proc/self/fd/${written}`, 'r');
  return { fd, writer: new ParquetWriter(tmpdir(), 'lz4', written) };
}

/** The wishes as a query over the table "input"; undefined when there are none. */
export function sqlOf(wishes: TransformWishes, columns: readonly Column[]): string | undefined {
  const { select, where, sql, downsample, sort } = wishes;
  const renames = Object.keys(wishes.rename).length > 0;
  const others =
    [select, where, downsample].some((wish) => wish !== undefined) || renames || sort.length > 0;
  if (sql !== undefined && others) {
    throw new NairobiError('USAGE', '--sql stands alone', {
      hint: 'say --select, --where, --rename, --downsample and --sort in the query itself',
    });
  }
  if (sql !== undefined) return sql;
  if (!others) return undefined;
  const filter = where === undefined ? '' : ` where ${where}`;
  const list = select ?? renamed(wishes.rename, columns);
  let query = `select ${list} from input${filter}`;
  if (downsample !== undefined) query = downsampled(query, wishes, renamedColumns(wishes, columns));
  return sort.length === 0
    ? query
    : `select * from (${query}) as rows order by ${sort.map(orderOf).join(', ')}`;
}

/** "-ts" is descending. */
const orderOf = (key: string): string =>
  key.startsWith('-') ? `${quote(key.slice(1))} desc` : quote(key);

function renamed(rename: Readonly<Record<string, string>>, columns: readonly Column[]): string {
  const unknown = Object.keys(rename).find((name) => !columns.some((one) => one.name === name));
  if (unknown !== undefined) {
    throw new NairobiError('UNKNOWN_COLUMN', `--rename: there is no column "${unknown}"`, {
      hint: `the columns are ${columns.map(({ name }) => name).join(', ')}`,
    });
  }
  if (Object.keys(rename).length === 0) return '*';
  return columns
    .map(({ name }) => {
      const to = rename[name];
      return to === undefined ? quote(name) : `${quote(name)} as ${quote(to)}`;
    })
    .join(', ');
}

const renamedColumns = (wishes: TransformWishes, columns: readonly Column[]): readonly Column[] =>
  columns.map(({ name, type }) => ({ name: wishes.rename[name] ?? name, type }));

const UNITS: Readonly<Record<string, string>> = {
  s: 'seconds',
  m: 'minutes',
  min: 'minutes',
  h: 'hours',
  d: 'days',
  w: 'weeks',
};

/** One row for each bucket of time and each group, with the aggregates of every number. */
function downsampled(query: string, wishes: TransformWishes, columns: readonly Column[]): string {
  const match = /^(\d+)\s*(s|m|min|h|d|w)$/.exec(wishes.downsample ?? '');
  const unit = UNITS[match?.[2] ?? ''];
  if (match === null || unit === undefined) {
    throw new NairobiError('USAGE', `Cannot read --downsample "${wishes.downsample}"`, {
      hint: 'write 30s, 1m, 15m, 1h or 1d',
    });
  }
  const time = columns.find(({ type }) => type.startsWith('Datetime'));
  if (time === undefined) {
    throw new NairobiError('USAGE', '--downsample needs a column with a timestamp', {
      hint: 'say which is one: --types ts=timestamp',
    });
  }
  const isGroup = ({ type }: Column): boolean => type === 'String' || type === 'Boolean';
  const groups =
    wishes.by.length > 0
      ? wishes.by
      : columns.filter((column) => isGroup(column)).map(({ name }) => name);
  const bucket = `time_bucket(interval '${match[1]} ${unit}', ${quote(time.name)})`;
  const numbers = columns.filter(({ name, type }) => isNumericType(type) && !groups.includes(name));
  const aggregates = numbers.flatMap(({ name }) =>
    (wishes.agg.length === 0 ? ['mean'] : wishes.agg).map((agg) => {
      const sql = AGGREGATES[agg];
      if (sql === undefined) {
        throw new NairobiError('USAGE', `--agg: there is no aggregate "${agg}"`, {
          hint: `the aggregates are ${Object.keys(AGGREGATES).join(', ')}`,
        });
      }
      return `${sql}(${quote(name)}) as ${quote(`${name}_${agg}`)}`;
    }),
  );
  const keys = [bucket, ...groups.map(quote)];
  const list = [`${bucket} as ${quote(time.name)}`, ...groups.map(quote), ...aggregates];
  return `select ${list.join(', ')} from (${query}) as rows group by ${keys.join(', ')} order by 1`;
}

function relationOf(frame: DataFrame): Relation {
  return {
    name: 'input',
    columns: columnsOf(frame),
    fits: true,
    scan: (columns) => (columns === undefined ? frame.lazy() : frame.lazy().select(...columns)),
    async *segments(columns) {
      yield columns === undefined ? frame.lazy() : frame.lazy().select(...columns);
    },
  };
}

/** No rows under these columns: enough to bind names and types. */
function emptyRelation(columns: readonly Column[]): Relation {
  const one = polars()
    .DataFrame({ row: [1] })
    .lazy();
  return relationOf(collect(align(one, [], columns, new Map())).head(0));
}

/** The work of one call over rows held in memory: a query, figures, a picture. */
import type { DataFrame } from '../compute/polars.ts';
import type { Relation } from '../compute/relation.ts';
import type { Shelf } from '../engine/inputs/shelf.ts';
import { plotRelation } from '../engine/plot/plot.ts';
import { query } from '../engine/query.ts';
import { openRows } from '../engine/rows.ts';
import { Reporter } from '../engine/run/report.ts';
import { Session } from '../engine/session.ts';
import { answer } from '../engine/stats/answers.ts';
import { stats } from '../engine/stats/stats.ts';
import { NairobiError } from '../errors.ts';
import { exactJson } from '../exact-json.ts';
import { encode } from '../formats/encode.ts';
import { uniqueNames } from '../formats/names.ts';
import type { Fd } from '../kernel/syscall.ts';
import { sealedBytes, sealedFile } from '../memory/sealed.ts';
import { formatBytes } from '../units.ts';
import { columnFigures } from './column.ts';
import { HeldPiece } from './held-piece.ts';
import { hostOf } from './load.ts';
import type { ColumnWish, Held, PlotWish, QueryWish, StatsWish, Steps, Task } from './tasks.ts';
import { wholeRequest } from './wishes.ts';

/** The rows of every dataset a task names. */
export interface Rows {
  readonly held: Held;
  readonly frame: DataFrame | undefined;
}

/** How a dataset is named where the engine expects a path. No file of a user is called so. */
const placeOf = (id: string): string => `\0dataset:${id}`;

/** What the answers of a task go by. */
interface Means extends Pick<Task, 'inlineMax' | 'memoryLimit'> {
  /** Where descriptors of answers go. */
  readonly fds: Fd[];
}

export class StepRunner {
  readonly #rows: ReadonlyMap<string, Rows>;
  readonly #task: Means;
  readonly #onComputed: (step: keyof Steps) => void;

  /** `onComputed` is told when all that is left of a step is to pack its answer. */
  constructor(
    rows: ReadonlyMap<string, Rows>,
    task: Means,
    onComputed: (step: keyof Steps) => void,
  ) {
    this.#onComputed = onComputed;
    this.#rows = rows;
    this.#task = task;
  }

  async query(wish: QueryWish): Promise<string> {
    using session = this.#session();
    const { sql, parameters, timeZone, tables } = wish;
    const sources = Object.entries(tables).map(([name, id]) => ({ name, path: placeOf(id) }));
    const { frame, columns } = await query(session, { sql, sources, parameters, timeZone });
    this.#onComputed('query');
    const head = { columns, rowCount: frame.height };
    const names = columns.map(({ name }) => name);
    if (wish.as === 'arrow') return this.#arrow(frame, names, head);
    const bytes = Buffer.concat([...encode(frame, wish.as, { names })]);
    if (wish.as === 'json' && bytes.length <= this.#task.inlineMax) {
      return `${exactJson(head).slice(0, -1)},"rows":${bytes.toString('utf8')}}`;
    }
    return exactJson({ ...head, data: this.#data(wish.as, bytes) });
  }

  async stats(wish: StatsWish): Promise<string> {
    using session = this.#session();
    const rows = this.#open(session, wish);
    const { columns, quantiles, approx, question } = wish;
    const options = {
      columns,
      quantiles,
      threads: session.plan.threads,
      memoryLimit: session.plan.memoryLimit,
      ...(approx === undefined ? {} : { approx }),
    };
    return session.attempt(async () => {
      const relation = await rows();
      if (question === undefined)
        return exactJson(await stats(relation, options, session.reporter));
      return exactJson((await answer(question, relation, options)).data);
    });
  }

  async column({ dataset, column, figures }: ColumnWish): Promise<string> {
    using session = this.#session();
    const relation = session.open({ path: placeOf(dataset) });
    return exactJson({ figures: await columnFigures(session, relation, column, figures) });
  }

  async plot(wish: PlotWish): Promise<string> {
    using session = this.#session();
    const rows = this.#open(session, wish);
    const request = wholeRequest(wish.request);
    const { bytes, ...said } = await session.attempt(async () =>
      plotRelation(await rows(), request, wish.format, session.reporter),
    );
    this.#onComputed('plot');
    return exactJson({ ...said, data: this.#data(wish.format, bytes) });
  }

  #session(): Session {
    const shelf: Shelf = ({ path }) => {
      const id = path.startsWith(placeOf('')) ? path.slice(placeOf('').length) : undefined;
      const rows = id === undefined ? undefined : this.#rows.get(id);
      return rows === undefined
        ? undefined
        : new HeldPiece(rows.held, rows.frame, { asCommand: false });
    };
    return new Session({ host: hostOf(this.#task.memoryLimit), read: {}, shelf }, new Reporter());
  }

  /** The rows of a dataset, or what a condition or a query leaves of them. */
  #open(session: Session, wish: StatsWish | PlotWish): () => Promise<Relation> {
    const name = this.#rows.get(wish.dataset)?.held.name;
    const path = placeOf(wish.dataset);
    return openRows(session, name === undefined ? { path } : { name, path }, wish);
  }

  #arrow(frame: DataFrame, names: readonly string[], head: object): string {
    const named = frame.rechunk();
    named.columns = uniqueNames(names);
    const { fd, byteLength } = sealedFile('nairobi:result', (path) => named.writeIPC(path));
    this.#keep(fd, byteLength);
    const data = { format: 'arrow', bytes: byteLength, fd: this.#task.fds.length - 1 };
    return exactJson({ ...head, data });
  }

  #keep(fd: Fd, byteLength: number): void {
    this.#task.fds.push(fd);
    const limit = this.#task.memoryLimit;
    if (byteLength <= limit) return;
    throw new NairobiError(
      'MEMORY_LIMIT',
      `The answer has ${formatBytes(byteLength)}, and ${formatBytes(limit)} are left`,
      { hint: 'ask for fewer rows or columns' },
    );
  }

  #data(format: string, bytes: Buffer): object {
    const about = { format, bytes: bytes.length };
    if (bytes.length <= this.#task.inlineMax) {
      return TEXT.has(format)
        ? { ...about, text: bytes.toString('utf8') }
        : { ...about, base64: bytes.toString('base64') };
    }
    const { fd, byteLength } = sealedBytes('nairobi:result', bytes);
    this.#keep(fd, byteLength);
    return { ...about, fd: this.#task.fds.length - 1 };
  }
}

const TEXT = new Set(['json', 'csv', 'tsv', 'ndjson', 'svg', 'html', 'vl.json', 'text']);

/** The engine in this process, asked in the words of the daemon's protocol. */
import path from 'node:path';
import type { JsonObject, Method } from '../client/protocol.ts';
import { type SourceArgument, tableName } from '../engine/inputs/sources.ts';
import type { HostOptions } from '../engine/options.ts';
import { plotRelation } from '../engine/plot/plot.ts';
import { query } from '../engine/query.ts';
import { openRows } from '../engine/rows.ts';
import { Reporter } from '../engine/run/report.ts';
import { Session } from '../engine/session.ts';
import { stats } from '../engine/stats/stats.ts';
import { NairobiError } from '../errors.ts';
import { exactJson, parseExact } from '../exact-json.ts';
import { encode } from '../formats/encode.ts';
import { columnFigures } from '../serve/column.ts';
import { Params } from '../serve/params.ts';
import type { ColumnWish, PlotWish, QueryWish, SourceWish, StatsWish } from '../serve/tasks.ts';
import { directoryOf, sourceWish, stepsOf, wholeRequest } from '../serve/wishes.ts';
import type { Answer, Transport } from './transport.ts';

const HOST: HostOptions = {
  memoryLimit: undefined,
  threads: undefined,
  cpus: undefined,
  io: 'auto',
  direct: 'auto',
};

/** Each call reads the sources it names, as the command line does, and keeps nothing of them. */
export class LocalTransport implements Transport {
  readonly #sources = new Map<string, SourceWish>();

  async call(method: Method, fields: JsonObject): Promise<Answer> {
    const params = new Params(fields, method);
    if (method === 'Open') return this.#open(params);
    const dataset = params.text('dataset');
    if (method === 'Close') {
      this.#sources.delete(dataset);
      return answer({});
    }
    const steps = stepsOf(method, params, dataset);
    directoryOf(params);
    params.end();
    if (steps.query) return this.#query(steps.query);
    if (steps.stats) return this.#stats(steps.stats);
    if (steps.column) return this.#column(steps.column);
    if (steps.plot) return this.#plot(steps.plot);
    throw new NairobiError('NOT_SUPPORTED', `${method} is a daemon's`, {
      hint: 'connect() to one',
    });
  }

  [Symbol.dispose](): void {
    this.#sources.clear();
  }

  #open(params: Params): Answer {
    const wish = sourceWish(params);
    params.end();
    const source = { ...wish, path: path.resolve(wish.cwd, wish.path) };
    using session = this.#session(source);
    const relation = session.open({ path: source.path });
    session.requireNamedTypes();
    const dataset = `f${this.#sources.size + 1}:${source.path}`;
    this.#sources.set(dataset, source);
    return answer({ dataset, columns: relation.columns });
  }

  async #query({ sql, parameters, timeZone, tables, as }: QueryWish): Promise<Answer> {
    const sources = Object.entries(tables).map(([name, id]) => ({ name, ...this.#argument(id) }));
    using session = this.#session(this.#wish(Object.values(tables)[0] ?? ''));
    const { frame, columns } = await query(session, { sql, sources, parameters, timeZone });
    const names = columns.map(({ name }) => name);
    const bytes = Buffer.concat([...encode(frame, as, { names })]);
    const head = { columns, rowCount: frame.height };
    if (as === 'json') return answer({ ...head, rows: parseExact(bytes.toString('utf8')) });
    return answer({ ...head, data: { format: as, bytes: bytes.length, fd: 0 } }, bytes);
  }

  async #stats({ dataset, columns, quantiles, approx, question, ...rows }: StatsWish) {
    if (question !== undefined) {
      throw new NairobiError('NOT_SUPPORTED', 'A question to stats is a daemon’s', {
        hint: 'connect() to one',
      });
    }
    using session = this.#session(this.#wish(dataset));
    const relation = openRows(session, this.#argument(dataset), rows);
    const { threads, memoryLimit } = session.plan;
    const depth = approx === undefined ? {} : { approx };
    const options = { columns, quantiles, threads, memoryLimit, ...depth };
    return answer(
      await session.attempt(async () => stats(await relation(), options, session.reporter)),
    );
  }

  async #column({ dataset, column, figures }: ColumnWish): Promise<Answer> {
    using session = this.#session(this.#wish(dataset));
    const relation = session.open(this.#argument(dataset));
    return answer({
      figures: await session.attempt(() => columnFigures(session, relation, column, figures)),
    });
  }

  async #plot({ dataset, format, request: said, ...rows }: PlotWish): Promise<Answer> {
    const request = wholeRequest(said);
    using session = this.#session(this.#wish(dataset));
    const relation = openRows(session, this.#argument(dataset), rows);
    const { bytes, ...about } = await session.attempt(async () =>
      plotRelation(await relation(), request, format, session.reporter),
    );
    return answer({ ...about, data: { format, bytes: bytes.length, fd: 0 } }, bytes);
  }

  #session({ read, unionByName, filenameColumn }: SourceWish): Session {
    return new Session(
      {
        host: HOST,
        read,
        ...(unionByName === undefined ? {} : { unionByName }),
        ...(filenameColumn === undefined ? {} : { filenameColumn }),
      },
      new Reporter(),
    );
  }

  #wish(dataset: string): SourceWish {
    const found = this.#sources.get(dataset);
    if (found !== undefined) return found;
    throw new NairobiError('NOT_FOUND', 'This frame was closed', { hint: 'read the file again' });
  }

  #argument(dataset: string): SourceArgument {
    const argument = { path: this.#wish(dataset).path };
    return { name: tableName(argument), ...argument };
  }
}

/** As a daemon would answer: bigints and all, without what JSON has no word for. */
function answer(result: object, bytes?: Uint8Array): Answer {
  return {
    result: parseExact(exactJson(result)) as JsonObject,
    bytes: () => bytes ?? new Uint8Array(0),
  };
}

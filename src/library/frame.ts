/** Frames and columns over any transport. */
import type { Data, Json, JsonObject } from '../client/protocol.ts';
import { NairobiError } from '../errors.ts';
import { parseExact } from '../exact-json.ts';
import { closest } from '../suggest.ts';
import type * as Api from './nairobi.d.ts';
import type { Answer, Transport } from './transport.ts';

/** Opens `path`; relative ones begin where the process is now. */
export async function openFrame(
  transport: Transport,
  path: string,
  options: Api.ReadOptions = {},
): Promise<Api.Frame> {
  const read = defined(options);
  const { result } = await transport.call('Open', { path, cwd: process.cwd(), read });
  return new OpenFrame(transport, path, result);
}

class OpenFrame implements Api.Frame {
  readonly path: string;
  readonly columns: readonly Api.ColumnInfo[];
  readonly #transport: Transport;
  readonly #dataset: string;

  constructor(transport: Transport, path: string, opened: JsonObject) {
    this.path = path;
    this.#transport = transport;
    this.#dataset = String(opened['dataset']);
    this.columns = opened['columns'] as unknown as readonly Api.ColumnInfo[];
  }

  col(name: string): Api.ColumnOf {
    const found = this.columns.find((column) => column.name === name);
    if (found !== undefined) {
      return new OpenColumn(found, (figures) => this.#figures(name, figures));
    }
    const near = closest(
      name,
      this.columns.map((column) => column.name),
    );
    throw new NairobiError('UNKNOWN_COLUMN', `No column "${name}" in ${this.path}`, {
      hint: near === undefined ? 'see the columns of the frame' : `did you mean "${near}"?`,
    });
  }

  async query(
    sql: string,
    params: Readonly<Record<string, Api.Parameter>> = {},
  ): Promise<Api.Result> {
    const answer = await this.#query(sql, params, 'json');
    const { columns, rowCount, rows } = answer.result as unknown as Partial<Api.Result>;
    return {
      columns: columns ?? [],
      rowCount: rowCount ?? 0,
      rows: rows ?? (parseExact(Buffer.from(dataOf(answer)).toString('utf8')) as Api.Row[]),
    };
  }

  async queryArrow(
    sql: string,
    params: Readonly<Record<string, Api.Parameter>> = {},
  ): Promise<Uint8Array> {
    return dataOf(await this.#query(sql, params, 'arrow'));
  }

  async stats(options: Api.StatsOptions = {}): Promise<readonly Api.ColumnStats[]> {
    const { result } = await this.#call('Stats', defined(options));
    return result['columns'] as unknown as readonly Api.ColumnStats[];
  }

  async plot(options: Api.PlotOptions = {}): Promise<Api.Picture> {
    const answer = await this.#call('Plot', defined(options));
    const { mark, rows, notes, data } = answer.result as unknown as Api.Picture & { data: Data };
    return { format: data.format, mark, rows, notes, bytes: dataOf(answer) };
  }

  async close(): Promise<void> {
    await this.#call('Close', {});
  }

  [Symbol.dispose](): void {
    this.close().catch(() => undefined);
  }

  async #figures(column: string, figures: readonly string[]): Promise<Record<string, Api.Value>> {
    const { result } = await this.#call('Column', { column, figures });
    return result['figures'] as unknown as Record<string, Api.Value>;
  }

  #query(
    sql: string,
    params: Readonly<Record<string, Api.Parameter>>,
    as: 'json' | 'arrow',
  ): Promise<Answer> {
    const values = Object.entries(params).map(([name, value]) => [name, parameterOf(name, value)]);
    return this.#call('Query', { sql, params: Object.fromEntries(values) as JsonObject, as });
  }

  #call(method: 'Query' | 'Stats' | 'Column' | 'Plot' | 'Close', params: JsonObject) {
    const place = method === 'Close' ? {} : { cwd: process.cwd() };
    return this.#transport.call(method, { dataset: this.#dataset, ...place, ...params });
  }
}

type Figures = (names: readonly string[]) => Promise<Readonly<Record<string, Api.Value>>>;

class OpenColumn implements Api.ColumnOf {
  readonly name: string;
  readonly type: string;
  readonly #figures: Figures;

  constructor({ name, type }: Api.ColumnInfo, figures: Figures) {
    this.name = name;
    this.type = type;
    this.#figures = figures;
  }

  mean = (): Promise<number | null> => this.#number('mean');
  sd = (): Promise<number | null> => this.#number('sd');
  variance = (): Promise<number | null> => this.#number('variance');
  median = (): Promise<number | null> => this.#number('median');
  skewness = (): Promise<number | null> => this.#number('skewness');
  kurtosis = (): Promise<number | null> => this.#number('kurtosis');
  sum = (): Promise<Api.Value> => this.figure('sum');
  min = (): Promise<Api.Value> => this.figure('min');
  max = (): Promise<Api.Value> => this.figure('max');
  count = async (): Promise<number> => Number(await this.figure('count'));
  nulls = async (): Promise<number> => Number(await this.figure('nulls'));
  distinct = async (): Promise<number> => Number(await this.figure('distinct'));

  quantile(q: number): Promise<number | null> {
    if (!(q >= 0 && q <= 1)) {
      throw new NairobiError('USAGE', `${q} is no quantile`, { hint: 'a quantile is from 0 to 1' });
    }
    return this.#number(`p${Number((q * 100).toPrecision(15))}`);
  }

  async figure(name: string): Promise<Api.Value> {
    return (await this.#figures([name]))[name] ?? null;
  }

  figures(...names: readonly string[]): Promise<Readonly<Record<string, Api.Value>>> {
    return this.#figures(names);
  }

  async #number(name: string): Promise<number | null> {
    const value = await this.figure(name);
    return value === null ? null : Number(value);
  }
}

/** What was said; undefined fields are none. */
function defined(options: object): JsonObject {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

function parameterOf(name: string, value: Api.Parameter): Json {
  if (typeof value === 'bigint') return { integer: value.toString() };
  if (typeof value === 'number' && !Number.isFinite(value)) {
    // JSON would make it a null, and the answer would be another one.
    throw new NairobiError(
      'USAGE',
      `The parameter ${name} is ${value}, which JSON has no number for`,
      {
        hint: `write it in the query: '${value}'::double`,
      },
    );
  }
  if (value === null || ['string', 'number', 'boolean'].includes(typeof value)) return value;
  throw new NairobiError('USAGE', `The parameter ${name} has to be a text, a number or a truth`, {
    hint: 'null is a value too; a Date is bound as its text',
  });
}

function dataOf(answer: Answer): Uint8Array {
  const data = answer.result['data'] as unknown as Data;
  if (data.fd !== undefined) return answer.bytes(data.fd);
  return data.base64 === undefined
    ? Buffer.from(data.text ?? '', 'utf8')
    : Buffer.from(data.base64, 'base64');
}

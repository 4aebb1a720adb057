import { describe, expect, it } from 'vitest';
import type { Relation } from '../../src/compute/relation.ts';
import { QueryRelation } from '../../src/engine/inputs/query-relation.ts';
import type { IoChoice } from '../../src/engine/options.ts';
import { plotRelation } from '../../src/engine/plot/plot.ts';
import { openRows, type RowWish } from '../../src/engine/rows.ts';
import { Reporter } from '../../src/engine/run/report.ts';
import type { StreamSizes } from '../../src/engine/segments/content.ts';
import { Session } from '../../src/engine/session.ts';
import { stats } from '../../src/engine/stats/stats.ts';
import { DEFAULT_REQUEST, type PlotRequest } from '../../src/render/request.ts';
import { gzipped, HOST, pipeOf, plain, WHOLE } from './segments-model.ts';

const SMALL: StreamSizes = { headBytes: 1024, regionBytes: 12_288, segmentBytes: 3072 };

const NAMES = ['north', 'south, "far"', 'east\nwest', 'ü'];
const line = (id: number): string => {
  const name = JSON.stringify(NAMES[id % 4])
    .replaceAll('\\"', '""')
    .replaceAll('\\n', '\n');
  const time = new Date(Date.UTC(2024, 0, 1) + id * 60_000).toISOString().slice(0, 19);
  const value = id % 50 === 7 ? '' : String(Math.round(Math.sin(id / 30) * 1e6) / 1e4);
  return `${time},${id},${name},${value}\n`;
};
const table = (rows: number, ...more: string[]): string =>
  `time,id,name,value\n${Array.from({ length: rows }, (_, id) => line(id)).join('')}${more.join('')}`;

interface Wish extends RowWish {
  readonly io?: IoChoice;
  readonly sizes?: StreamSizes;
  readonly once?: boolean;
}

/** What `work` makes of the rows, and whether they came in pieces. */
async function over<T>(
  path: string,
  { io = 'mmap', sizes = SMALL, once = false, ...wish }: Wish,
  work: (relation: Relation, session: Session) => Promise<T>,
): Promise<{ answer: T; inPieces: boolean }> {
  const options = { host: { ...HOST, io }, read: {}, streamSizes: sizes, once };
  using session = new Session(options, new Reporter());
  const rows = openRows(session, { path }, wish);
  let inPieces = false;
  const answer = await session.attempt(async () => {
    const relation = await rows();
    inPieces = relation instanceof QueryRelation;
    return work(relation, session);
  });
  return { answer, inPieces };
}

const figures = (path: string, wish: Wish, columns?: readonly string[]) =>
  over(path, wish, (relation, { reporter }) =>
    stats(relation, { columns, quantiles: [0.5, 0.9], memoryLimit: 2 ** 30 }, reporter),
  );

const picture = (path: string, wish: Wish, request: Partial<PlotRequest>) =>
  over(path, wish, async (relation, { reporter }) => {
    const drawn = await plotRelation(relation, { ...DEFAULT_REQUEST, ...request }, 'svg', reporter);
    // Means differ in their last digits with the pieces they are merged from.
    const svg = drawn.bytes.toString('utf8').replace(/\d+\.\d{7,}/g, (n) => Number(n).toFixed(5));
    return { svg, rows: drawn.rows };
  });

const WISHES: readonly RowWish[] = [
  { where: 'value > 10' },
  { where: "name like 'south%' or id % 3 = 0" },
  { where: 'false' },
  { sql: 'select id, value * 2 as twice, upper(name) as name, id as "id" from data where id > 40' },
];

describe('what --where and --sql leave, in pieces', () => {
  it.each(WISHES)('has the figures of the whole: %o', async (wish) => {
    const text = table(700);
    const whole = await figures(plain(text), { ...wish, sizes: WHOLE });
    expect(whole.inPieces).toBe(false);
    const pieces = await figures(plain(text), wish);
    expect(pieces.inPieces).toBe(true);
    expect(pieces.answer).toEqual(whole.answer);
  });

  it('comes from a compressed file, too', async () => {
    const [text, wish] = [table(700), { where: 'value > 10' }];
    const whole = await figures(plain(text), { ...wish, sizes: WHOLE });
    const pieces = await figures(gzipped(text), { ...wish, io: 'auto' });
    expect(pieces).toEqual({ ...whole, inPieces: true });
  });

  it('joins what fits to each piece', async () => {
    const sql =
      "select d.*, f.n from data d join (values ('ü', 1), ('north', 2)) f(name, n) using (name)";
    const [whole, pieces] = [
      await figures(plain(table(700)), { sql, sizes: WHOLE }),
      await figures(plain(table(700)), { sql }),
    ];
    expect(pieces.inPieces).toBe(true);
    // The rows of a join have no order.
    const told = ({ answer }: typeof whole) =>
      answer.columns.map(({ column, count, min, max, distinct: most }) => [
        column,
        count,
        min,
        max,
        most,
      ]);
    expect(told(pieces)).toEqual(told(whole));
  });

  it('reads the columns that are asked for, and those of the condition', async () => {
    const file = plain(table(300));
    const wish = { where: 'id >= 100' };
    const some = await figures(file, wish, ['value']);
    const all = await figures(file, wish);
    expect(some.answer.columns).toEqual(
      all.answer.columns.filter(({ column }) => column === 'value'),
    );
  });

  it('is drawn as the whole is: points, lines, aggregates', async () => {
    const text = table(900);
    const wish = { where: 'id % 5 <> 0' };
    const requests: readonly Partial<PlotRequest>[] = [
      { mark: 'point', x: 'id', y: ['value'], reduce: 'density', gl: 'cpu' },
      { mark: 'line', x: 'time', y: ['value'], width: 40, color: 'name' },
      { mark: 'bar', x: 'name', y: ['value'], agg: 'mean' },
      { mark: 'histogram', x: 'value' },
    ];
    for (const request of requests) {
      const whole = await picture(plain(text), { ...wish, sizes: WHOLE }, request);
      const pieces = await picture(plain(text), wish, request);
      expect([whole.inPieces, pieces.inPieces]).toEqual([false, true]);
      expect(pieces.answer).toEqual(whole.answer);
    }
  });

  it('begins again, planned anew, when a value comes late that its type does not hold', async () => {
    const text = table(600, '2024-02-01T00:00:00,9.5,late,1\n', line(601));
    for (const wish of [{ where: 'id > 2' }, { sql: 'select id + 1 as id, name from data' }]) {
      const whole = await figures(plain(text), { ...wish, sizes: WHOLE });
      const { answer, inPieces } = await figures(plain(text), wish);
      expect(inPieces).toBe(true);
      expect(answer).toEqual(whole.answer);
      expect(answer.columns.find(({ column }) => column === 'id')).toMatchObject({
        type: 'Float64',
      });
    }
  });

  it('comes from a pipe that is read once', async () => {
    const text = table(800);
    const wish = { where: 'value < 50' };
    const whole = await figures(plain(text), { ...wish, sizes: WHOLE });
    const { fifo, written } = pipeOf(text);
    const pieces = await figures(fifo, { ...wish, io: 'auto', once: true });
    await written;
    expect(pieces.inPieces).toBe(true);
    expect({ ...pieces.answer, source: '' }).toEqual({ ...whole.answer, source: '' });
  });

  it('names what is wrong in a query when a piece meets it', async () => {
    const file = plain(table(300));
    const failing = figures(file, { sql: 'select cast(name as integer) as n from data' });
    await expect(failing).rejects.toMatchObject({ code: 'BAD_DATA' });
  });
});

describe('rows of a long text that are collected', () => {
  it('come in segments with the figures of a scan in place', async () => {
    // A decimal comma is nothing the quick way for plain text takes.
    const text = table(500).replaceAll(',', ';').replaceAll('.', ',');
    const whole = await figures(plain(text), { sizes: WHOLE });
    const cut = await figures(plain(text), {});
    expect({ ...cut.answer, source: '' }).toEqual({ ...whole.answer, source: '' });
  });
});

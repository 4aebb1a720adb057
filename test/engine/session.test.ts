import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { collect, polars } from '../../src/compute/polars.ts';
import type { SourceRelation } from '../../src/engine/inputs/source-relation.ts';
import type { HostOptions } from '../../src/engine/options.ts';
import { Overseer } from '../../src/engine/run/overseer.ts';
import { Reporter } from '../../src/engine/run/report.ts';
import { Session, type SessionOptions } from '../../src/engine/session.ts';
import type { NairobiError } from '../../src/errors.ts';
import { bytes } from '../../src/units.ts';

let root: string;
const at = (name: string): string => path.join(root, name);
function write(name: string, text: string): string {
  mkdirSync(path.dirname(at(name)), { recursive: true });
  writeFileSync(at(name), text);
  return at(name);
}

const HOST: HostOptions = {
  memoryLimit: undefined,
  threads: undefined,
  cpus: undefined,
  io: 'auto',
  direct: 'auto',
};

function open(options: Partial<SessionOptions> = {}): { session: Session; reporter: Reporter } {
  const reporter = new Reporter();
  return { reporter, session: new Session({ host: HOST, read: {}, ...options }, reporter) };
}

/** The rows as CSV text: exact, whatever the types. */
const csv = (frame: Parameters<typeof collect>[0]): string =>
  collect(frame).writeCSV().toString('utf8');

beforeAll(() => {
  root = mkdtempSync(path.join(tmpdir(), 'nairobi-session-'));
});
afterAll(() => rmSync(root, { recursive: true }));

describe('a session', () => {
  it('gives the rows of a CSV file and reports how they were read', () => {
    const { session, reporter } = open();
    using _ = session;
    const relation = session.open({ path: write('a.csv', 'id,name\n1,x\n2,y\n') });
    expect(relation.name).toBe('a');
    expect(relation.columns).toEqual([
      { name: 'id', type: 'Int64' },
      { name: 'name', type: 'String' },
    ]);
    expect(csv(relation.scan())).toBe('id,name\n1,x\n2,y\n');
    expect(csv(relation.scan(['name', 'id']))).toBe('name,id\nx,1\ny,2\n');
    const report = reporter.finish();
    expect(report.bytesRead).toBe(16);
    expect(report.backend).toBeDefined();
  });

  it('counts a file once that is looked at in place and then read in segments', async () => {
    const streamSizes = { headBytes: 1024, regionBytes: 8192, segmentBytes: 2048 };
    const { session, reporter } = open({ host: { ...HOST, io: 'mmap' }, streamSizes });
    using _ = session;
    const text = `id,name\n${Array.from({ length: 2000 }, (_, i) => `${i},x${i}\n`).join('')}`;
    const relation = session.open({ path: write('long.csv', text) });
    let rows = 0;
    for await (const piece of relation.segments()) rows += collect(piece).height;
    expect(rows).toBe(2000);
    expect(reporter.finish().bytesRead).toBe(text.length - 'id,name\n'.length);
  });

  it('gives text that is not UTF-8 in place as what it was made to', () => {
    const { session } = open({ host: { ...HOST, io: 'mmap' }, read: { encoding: 'latin1' } });
    using _ = session;
    const rows = 'id,town\n1,Zürich\n2,Köln\n';
    writeFileSync(at('latin.csv'), Buffer.from(rows, 'latin1'));
    const text = session.open({ path: at('latin.csv') }).plainText();
    if (text === undefined) return;
    const into = Buffer.alloc(text.size);
    expect(text.read(into, 0)).toBe(text.size);
    expect(into.toString()).toBe('1,Zürich\n2,Köln\n');
  });

  it('knows how many rows a Parquet file has, so that joins begin with the smaller one', () => {
    const { session } = open({ host: { ...HOST, io: 'mmap' } });
    using _ = session;
    const frame = polars().DataFrame({ a: Array.from({ length: 5000 }, () => 1) });
    writeFileSync(at('repeated.parquet'), frame.writeParquet());
    expect(session.open({ path: at('repeated.parquet') }).rowEstimate).toBe(5000);
  });

  it('reads several files as one table, with types wide enough for all', () => {
    const { session } = open({ filenameColumn: 'file' });
    using _ = session;
    write('many/1.csv', 'a,b\n1,x\n');
    write('many/2.csv', 'a,b\n2.5,y\n');
    const relation = session.open({ path: at('many/*.csv') });
    expect(relation.columns.map(({ type }) => type)).toEqual(['Float64', 'String', 'String']);
    expect(csv(relation.scan(['a', 'file']))).toBe(
      `a,file\n1.0,${at('many/1.csv')}\n2.5,${at('many/2.csv')}\n`,
    );
  });

  it('keeps the text of a column that is text in one file only', () => {
    const { session } = open();
    using _ = session;
    write('texts/1.csv', 'a\n1.50\n');
    write('texts/2.csv', 'a\nx\n');
    const relation = session.open({ path: at('texts') });
    expect(csv(relation.scan())).toBe('a\n1.50\nx\n');
  });

  it('adds hive partition keys as typed columns and nulls for the null key', () => {
    const { session } = open();
    using _ = session;
    write('lake/day=2026-01-02/site=a/p.csv', 'v\n1\n');
    write('lake/day=2026-01-03/site=__HIVE_DEFAULT_PARTITION__/p.csv', 'v\n2\n');
    const relation = session.open({ path: at('lake') });
    expect(relation.columns.map(({ type }) => type)).toEqual(['Int64', 'Date', 'String']);
    expect(csv(relation.scan())).toBe('v,day,site\n1,2026-01-02,a\n2,2026-01-03,\n');
  });

  it('refuses files with other columns unless they are matched by name', () => {
    write('mixed/1.csv', 'a,b\n1,x\n');
    write('mixed/2.csv', 'a,c\n2,z\n');
    const { session } = open();
    using _ = session;
    expect(() => session.open({ path: at('mixed') })).toThrow(/--union-by-name|one table/);
    const { session: byName } = open({ unionByName: true });
    using __ = byName;
    const relation = byName.open({ path: at('mixed') });
    expect(csv(relation.scan())).toBe('a,b,c\n1,x,\n2,,z\n');
  });

  it('widens a type that a late value contradicts and runs the work again', async () => {
    const { session } = open({ read: { inferRows: 2 } });
    using _ = session;
    const relation = session.open({ path: write('late.csv', 'a\n1\n2\n3.5\n') });
    expect(relation.columns[0]?.type).toBe('Int64');
    const text = await session.attempt(() => csv(relation.scan()));
    expect(text).toBe('a\n1.0\n2.0\n3.5\n');
    expect(relation.columns[0]?.type).toBe('Float64');
  });

  describe('over a file that stays where it lies', () => {
    const line = (row: number): string => `${row},${(row * 7) % 13},name-${row % 100}\n`;
    const big = (name: string, extra = ''): string => {
      const rows = Array.from({ length: 60_000 }, (_, row) => line(row));
      rows.splice(30_000, 0, extra);
      return write(name, `id,v,name\n${rows.join('')}`);
    };
    const sums = (frame: ReturnType<SourceRelation['scan']>): string => {
      const pl = polars();
      return csv(frame.select(pl.len().alias('n'), pl.col('id').sum(), pl.col('v').max()));
    };

    it('scans it where it lies', async () => {
      const { session, reporter } = open({ host: { ...HOST, io: 'mmap' } });
      using _ = session;
      const relation = session.open({ path: big('plain.csv') });
      expect(await session.attempt(() => sums(relation.scan()))).toBe(
        `n,id,v\n60000,${(60_000 * 59_999) / 2},12\n`,
      );
      expect(reporter.finish().backend).toBe('mmap');
    });

    it('notices a blank line that Polars takes for a row of nulls', async () => {
      const { session } = open({ host: { ...HOST, io: 'mmap' } });
      using _ = session;
      const relation = session.open({ path: big('blank.csv', '\n') });
      const text = await session.attempt(() => sums(relation.scan()));
      expect(text).toMatch(/^n,id,v\n60000,/);
    });

    it('notices a short row and says where it is', async () => {
      const { session } = open({ host: { ...HOST, io: 'mmap' } });
      using _ = session;
      const relation = session.open({ path: big('short.csv', '5,6\n') });
      await expect(session.attempt(() => sums(relation.scan()))).rejects.toMatchObject({
        code: 'BAD_DATA',
        where: { line: 30_002 },
      });
    });

    it('reads a file anew that was appended to meanwhile', async () => {
      const file = big('grown.csv');
      const { session } = open({ host: { ...HOST, io: 'mmap' } });
      using _ = session;
      const relation = session.open({ path: file });
      let rounds = 0;
      const counted = await session.attempt(() => {
        rounds += 1;
        const result = sums(relation.scan());
        if (rounds > 1) return result;
        appendFileSync(file, line(60_000));
        utimesSync(file, new Date(), new Date(Date.now() + 5000));
        return result;
      });
      expect(rounds).toBe(2);
      expect(counted).toMatch(/^n,id,v\n60001,/);
    });

    it('refuses what was computed from a file that was cut short meanwhile', async () => {
      const file = big('cut.csv');
      const { session } = open({ host: { ...HOST, io: 'mmap' } });
      using _ = session;
      const relation = session.open({ path: file });
      const work = (): string => {
        truncateSync(file, 10);
        return sums(relation.scan());
      };
      await expect(session.attempt(work)).rejects.toThrow(/shorter/);
    });
  });

  it('stops with MEMORY_LIMIT when a file is larger than the limit', () => {
    const { session } = open({ host: { ...HOST, memoryLimit: bytes(1024 * 1024) } });
    using _ = session;
    const file = write('big.csv', `a\n${'12345678\n'.repeat(400_000)}`);
    try {
      session.open({ path: file });
      expect.unreachable();
    } catch (error) {
      expect((error as NairobiError).code).toBe('MEMORY_LIMIT');
    }
  });
});

describe('the thread that watches the memory', () => {
  class Seen extends Overseer {
    limits: number[] = [];
    override endBeyond(memoryLimit: number): void {
      this.limits.push(memoryLimit);
    }
  }

  it('starts when Polars is handed a file in place, not when that is opened', () => {
    using overseer = new Seen(String);
    const { session } = open({ host: { ...HOST, io: 'mmap', overseer } });
    using _ = session;
    const relation = session.open({ path: write('in-place.csv', 'id\n1\n2\n') });
    expect(overseer.limits).toEqual([]);
    relation.scan();
    expect(overseer.limits).toEqual([session.plan.memoryLimit]);
    session.glanceAtMemory();
    expect(overseer.limits).toHaveLength(1);
  });

  it('starts at once for what is read into memory, when that is large', () => {
    using overseer = new Seen(String);
    const { session } = open({ host: { ...HOST, io: 'pread', overseer } });
    using _ = session;
    session.open({ path: write('small.csv', 'id\n1\n') });
    expect(overseer.limits).toEqual([]);
    session.open({ path: write('large.csv', `id\n${'1234567\n'.repeat(2 ** 20)}`) });
    expect(overseer.limits).toHaveLength(1);
  });
});

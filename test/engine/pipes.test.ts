import { readdirSync, readlinkSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { polars } from '../../src/compute/polars.ts';
import { askPipe, REUSED, WHOLE } from './segments-model.ts';

const pl = polars();
const ROWS = Array.from({ length: 4000 }, (_, id) => id);
const frame = pl.DataFrame({
  id: ROWS,
  name: ROWS.map((id) => `n${id % 7}`),
  value: ROWS.map((id) => id / 4),
});
const GROUPED =
  'select name, count(*) n, sum(id) s, avg(value) a, max(value) m from t group by name order by name';
const NEEDS_ALL = 'select id, row_number() over (order by value desc) r from t order by id limit 3';

const CONTENTS: readonly (readonly [string, Buffer])[] = [
  ['avro', Buffer.from(frame.writeAvro({ compression: 'snappy' }))],
  ['arrow-stream', Buffer.from(frame.writeIPCStream())],
  ['arrow', Buffer.from(frame.writeIPC())],
  ['parquet', Buffer.from(frame.writeParquet())],
];

describe('binary formats through a pipe that is longer than memory', () => {
  it.each(CONTENTS)('give the answers of the whole: %s', async (format, content) => {
    const sizes = { headBytes: content.length, regionBytes: 4 * content.length, segmentBytes: 64 };
    for (const sql of [GROUPED, NEEDS_ALL]) {
      const whole = await askPipe(sql, content, WHOLE);
      expect(whole.error).toBeUndefined();
      const small = format === 'parquet' || format === 'arrow' ? REUSED : sizes;
      const pieces = await askPipe(sql, content, small);
      expect(pieces.error).toBeUndefined();
      expect(pieces.rows).toBe(whole.rows);
    }
  });

  it('leave no descriptor behind when the content on disk is none', async () => {
    const damaged = Buffer.from(CONTENTS[3]?.[1] ?? '');
    damaged.fill(0, damaged.length - 40, damaged.length - 8);
    const before = openFiles();
    const { error } = await askPipe(GROUPED, damaged, REUSED);
    expect(error?.code).toBe('BAD_DATA');
    expect(openFiles()).toBe(before);
  });
});

/** Files without a name that this process holds open. */
function openFiles(): number {
  const targets = readdirSync('/proc/self/fd').map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return ''; // that of the listing itself
    }
  });
  return targets.filter((target) => target.includes('nairobi-spool')).length;
}

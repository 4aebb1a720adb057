import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeFile, writeStream } from '../../src/formats/write.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'nairobi-write-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const pieces = (...texts: string[]): Buffer[] => texts.map((text) => Buffer.from(text));

describe('a file', () => {
  it('takes the place of the old one only when whole', async () => {
    const path = join(folder, 'out.csv');
    writeFileSync(path, 'old');
    function* failing(): Iterable<Buffer> {
      yield Buffer.from('new');
      expect(readFileSync(path, 'utf8')).toBe('old');
      throw new Error('the query failed');
    }
    await expect(writeFile(path, failing())).rejects.toThrow('the query failed');
    expect(readFileSync(path, 'utf8')).toBe('old');
    expect(readdirSync(folder)).toEqual(['out.csv']);
    expect(await writeFile(path, pieces('a', 'bc'))).toBe(3);
    expect(readFileSync(path, 'utf8')).toBe('abc');
    expect(readdirSync(folder)).toEqual(['out.csv']);
  });

  it('on a full disk fails and says so', async () => {
    await expect(writeFile('/dev/full', pieces('x'))).rejects.toMatchObject({
      code: 'IO',
      hint: expect.stringContaining('full'),
    });
  });

  it('in a directory that is not there fails with a hint', async () => {
    const path = join(folder, 'none', 'out.csv');
    await expect(writeFile(path, pieces('x'))).rejects.toMatchObject({
      code: 'IO',
      hint: expect.stringContaining('directory'),
    });
  });

  it('leaves nothing behind when the process ends in the middle', () => {
    const script = `
      import { writeFile } from '${join(import.meta.dirname, '../../src/formats/write.ts')}';
      function* pieces() { yield Buffer.from('half'); process.exit(9); }
      await writeFile('${join(folder, 'out.csv')}', pieces());
    `;
    const run = spawnSync(process.execPath, ['--input-type=module', '-e', script]);
    expect(run.status).toBe(9);
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('a stream', () => {
  it('is waited for when it is slow', async () => {
    let most = 0;
    let under = 0;
    const slow = new Writable({
      highWaterMark: 10,
      write(chunk: Buffer, _encoding, done) {
        setTimeout(() => {
          under -= chunk.length;
          done();
        }, 1);
      },
    });
    function* counted(): Iterable<Buffer> {
      for (let count = 0; count < 20; count += 1) {
        under += 10;
        most = Math.max(most, under);
        yield Buffer.alloc(10);
      }
    }
    expect(await writeStream(slow, counted())).toBe(true);
    expect(most).toBeLessThanOrEqual(20);
  });

  it('that closes early ends quietly', async () => {
    const gone = new Writable({
      write(_chunk, _encoding, done) {
        done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
      },
    });
    expect(await writeStream(gone, pieces('a', 'b', 'c'))).toBe(false);
  });

  it('that fails otherwise is an error', async () => {
    const full = new Writable({
      write(_chunk, _encoding, done) {
        done(Object.assign(new Error('no space'), { code: 'ENOSPC' }));
      },
    });
    await expect(writeStream(full, pieces('a', 'b'))).rejects.toMatchObject({ code: 'IO' });
  });
});

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const FILES = 3000;

/**
 * A page whose lengths are damaged can make Polars ask for 2^61 bytes, which Rust answers with an
 * abort that nobody can catch (polars-parquet 0.55: 4 of 6000 files; docs/formats.md). Anything
 * else that ends the process is ours.
 */
const UPSTREAM_ABORTS_MAX = 6;
const child = join(import.meta.dirname, 'mutate-child.ts');

function readDamaged(kind: string, from: number): { next: number; abort: string | undefined } {
  const run = spawnSync(process.execPath, [child, kind, String(from), String(FILES)], {
    maxBuffer: 2 ** 26,
    encoding: 'utf8',
  });
  const next = Number(run.stdout.trim().split('\n').at(-1)) + 1;
  if (run.status === 0) return { next: FILES, abort: undefined };
  const abort = /memory allocation of \d+ bytes failed/.exec(run.stderr)?.[0];
  expect(
    abort,
    `seed ${next - 1}: ${run.signal ?? run.status}\n${run.stderr.slice(-2000)}`,
  ).toBeDefined();
  return { next, abort };
}

describe('a damaged binary file is read or refused', () => {
  it.each(['parquet', 'arrow', 'arrow-stream', 'avro'])('%s', (kind) => {
    const aborts: string[] = [];
    for (let from = 0; from < FILES; ) {
      const { next, abort } = readDamaged(kind, from);
      if (abort !== undefined) aborts.push(`seed ${next - 1}: ${abort}`);
      from = next;
    }
    if (aborts.length > 0) console.log(`${kind}: upstream aborts: ${aborts.join('; ')}`);
    expect(aborts.length).toBeLessThanOrEqual(UPSTREAM_ABORTS_MAX);
  });
});

/**
 * What `stats --all --approx` takes of memory under a limit of 256 MiB, whatever the columns are:
 * files of some 300 MB that are no ordinary table, each also compressed where that matters.
 *
 *   node bench/stats/odd.ts FOLDER [BYTES] [CASE ...]
 *
 * Makes one file at a time in FOLDER, which should have twice BYTES free, and removes it. Peak is
 * the largest resident set the kernel saw, and the huge pages of the pool beside it. The figures
 * must be those of a run without a limit. Goal: the peaks. Not a goal: absolute times.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  closeSync,
  mkdirSync,
  openSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { cpus, release } from 'node:os';
import path from 'node:path';

const [folder, size = '3e8', ...wanted] = process.argv.slice(2);
if (folder === undefined) {
  console.error('usage: node bench/stats/odd.ts FOLDER [BYTES] [CASE ...]');
  process.exit(2);
}
const LIMIT = '256MiB';
const MiB = 1024 * 1024;
const bin = path.resolve(import.meta.dirname, '../../bin/nairobi');

/** xorshift32, enough for benchmark data. */
let state = 42;
function random(): number {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) / 4294967296;
}
const digits = (count: number): string =>
  Array.from({ length: count }, () => Math.floor(random() * 10)).join('');
const upTo = (most: number): number => Math.floor(random() * most);
const long = 'the quick brown fox jumps over the lazy dog '.repeat(24_000).slice(0, 1_000_000);

interface Case {
  readonly suffix: string;
  readonly head: string;
  readonly row: (n: number) => string;
  readonly flags?: readonly string[];
  readonly encoding?: 'latin1';
}

const day = (n: number): string => `${1 + (n % 28)}.${1 + (n % 12)}.${2000 + (n % 25)}`;
const CASES: Readonly<Record<string, Case>> = {
  'integers beyond 64 bits': {
    suffix: 'csv',
    head: 'id,big,name\n',
    row: (n) => `${n},${1 + upTo(9)}${digits(24)},name${upTo(1000)}\n`,
  },
  decimals: {
    suffix: 'csv',
    head: 'id,price,total\n',
    row: (n) => `${n},${upTo(1e6) / 100},${upTo(1e9) / 10_000}\n`,
    flags: ['--types', 'price=decimal(12,2),total=decimal(20,4)'],
  },
  'texts of 1 MB': {
    suffix: 'csv',
    head: 'id,text\n',
    row: (n) => `${n},${n}${long}\n`,
  },
  '2,000 columns': {
    suffix: 'csv',
    head: `${Array.from({ length: 2000 }, (_, i) => `c${i}`).join(',')}\n`,
    row: (n) =>
      `${Array.from({ length: 2000 }, (_, i) => (i % 3 === 0 ? `t${(n + i) % 97}` : n * i)).join(',')}\n`,
  },
  'all quoted': {
    suffix: 'csv',
    head: '"id","value","text"\n',
    row: (n) => `"${n}","${random()}","a ""word"" of ${upTo(1e5)}, or two"\n`,
  },
  'every text distinct': {
    suffix: 'csv',
    head: 'a,b\n',
    row: (n) => `${n}-${digits(12)},${digits(20)}x${n}\n`,
  },
  'not UTF-8': {
    suffix: 'csv',
    head: 'id,town,value\n',
    row: (n) => `${n},Zürich ${upTo(500)},${random()}\n`,
    encoding: 'latin1',
    flags: ['--encoding', 'latin1'],
  },
  'dates of another format': {
    suffix: 'csv',
    head: 'id,day,value\n',
    row: (n) => `${n},${day(n)},${random()}\n`,
  },
  booleans: {
    suffix: 'csv',
    head: Array.from({ length: 12 }, (_, i) => `b${i}`)
      .join(',')
      .concat('\n'),
    row: () =>
      Array.from({ length: 12 }, () => (random() < 0.5 ? 'true' : 'false'))
        .join(',')
        .concat('\n'),
  },
  'ragged rows': {
    suffix: 'csv',
    head: 'id,value,text\n',
    row: (n) => (n % 1000 === 999 ? `${n}\n` : `${n},${random()},word${upTo(100)}\n`),
    flags: ['--on-error', 'null'],
  },
  'names like 007': {
    suffix: 'csv',
    head: 'code,value\n',
    row: (n) => `${n < 500_000 ? n : `00${n}`},${random()}\n`,
  },
  'nested lists': {
    suffix: 'ndjson',
    head: '',
    row: (n) =>
      `{"id":${n},"tags":["a","b${n % 7}"],"at":{"x":${random()},"y":[${n % 5},${n % 3}]}}\n`,
  },
  'gz of integers beyond 64 bits': {
    suffix: 'csv.gz',
    head: 'id,big,name\n',
    row: (n) => `${n},${1 + upTo(9)}${digits(24)},name${upTo(1000)}\n`,
  },
  'gz of every text distinct': {
    suffix: 'csv.gz',
    head: 'a,b\n',
    row: (n) => `${n}-${digits(12)},${digits(20)}x${n}\n`,
  },
};

function generate(file: string, { head, row, encoding = 'utf8' as never }: Case): void {
  const fd = openSync(file, 'w');
  let written = writeSync(fd, head, null, encoding);
  for (let n = 0; written < Number(size); ) {
    const rows: string[] = [];
    let length = 0;
    while (length < 4 * MiB) {
      const text = row(n);
      rows.push(text);
      length += text.length;
      n += 1;
    }
    written += writeSync(fd, rows.join(''), null, encoding);
  }
  closeSync(fd);
}

interface Run {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakMiB: number;
  readonly hash: string;
  readonly rows: number;
}

function run(file: string, flags: readonly string[]): Run | string {
  const args = ['stats', file, '--all', '--approx', '--json', '--report', ...flags];
  const timed = ['-f', 'T %e %U %S %M', bin, ...args];
  const { stdout, stderr } = spawnSync('/usr/bin/time', timed, {
    maxBuffer: 2 ** 28,
    encoding: 'utf8',
  });
  const found = /^T (\S+) (\S+) (\S+) (\d+)$/m.exec(stderr);
  if (found === null || stdout === '') return stderr.slice(0, 300);
  const [, seconds = 0, user = 0, system = 0, kilobytes = 0] = found.map(Number);
  const { columns, rows, report } = JSON.parse(stdout);
  return {
    seconds,
    cpuSeconds: user + system,
    peakMiB: Math.round(Math.max(kilobytes * 1024, report?.peakMemoryBytes ?? 0) / MiB),
    hash: createHash('sha256').update(JSON.stringify(columns)).digest('hex').slice(0, 16),
    rows,
  };
}

const machine = { cpu: cpus()[0]?.model, cpus: cpus().length, kernel: release() };
const stamp = new Date().toISOString().slice(0, 19).replaceAll(':', '');
const target = new URL(`runs/odd-${stamp}.json`, import.meta.url);
mkdirSync(folder, { recursive: true });
const results: object[] = [];
for (const [name, one] of Object.entries(CASES)) {
  if (wanted.length > 0 && !wanted.some((part) => name.includes(part))) continue;
  const isPacked = one.suffix.endsWith('.gz');
  const file = path.join(folder, `odd.${one.suffix.replace(/\.gz$/, '')}`);
  const asked = isPacked ? `${file}.gz` : file;
  try {
    generate(file, one);
    const bytes = statSync(file).size;
    if (isPacked) execFileSync('gzip', ['-1', '-f', file]);
    const bound = run(asked, ['--memory-limit', LIMIT, ...(one.flags ?? [])]);
    const free = run(asked, [...(one.flags ?? [])]);
    const same = typeof bound !== 'string' && typeof free !== 'string' && bound.hash === free.hash;
    results.push({ name, bytes, bound, free, same });
    const content = { machine, limit: LIMIT, results };
    if (wanted.length === 0) writeFileSync(target, `${JSON.stringify(content, null, 1)}\n`);
    const told = (one: Run | string): string =>
      typeof one === 'string'
        ? one
        : `${one.peakMiB} MiB, ${one.seconds} s, cpu ${one.cpuSeconds.toFixed(1)} s`;
    console.log(`${name.padEnd(30)} ${told(bound)} | ${told(free)} | ${same ? 'same' : 'DIFFERS'}`);
  } finally {
    rmSync(asked, { force: true });
    rmSync(file, { force: true });
  }
}

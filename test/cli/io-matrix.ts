/** Kinds of input, each with a known answer, asked with every way of reading. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { memfdCreate } from '../../src/kernel/calls.ts';
import { BIN, nairobi, type Outcome, shell } from './nairobi.ts';

export const FLAGS: readonly (readonly string[])[] = ['auto', 'uring', 'pread', 'mmap'].flatMap(
  (io) => ['auto', 'always', 'never'].map((direct) => ['--io', io, '--direct', direct]),
);

const ROWS = 30_003;
const LONG_ROWS = 180_003;
const answer = (rows: number): string => `n,s\n${rows},${((rows - 1) * rows) / 2}\n`;
const rowsOf = (count: number, text: string): string =>
  `a,b\n${Array.from({ length: count }, (_, row) => `${row},${text}\n`).join('')}`;

export const SQL = 'select count(*) n, sum(a) s from';
const PLAIN = ['--format', 'csv', '--input-format', 'csv'];

export function askFile(file: string, flags: readonly string[]): Outcome {
  return nairobi(['query', `${SQL} '${file}'`, ...PLAIN, ...flags]);
}

/** A file of whole blocks, as a block device is. */
export function wholeBlocks(blockBytes: number): string {
  const text = rowsOf(ROWS - 1, 'x');
  const last = `${ROWS - 1},\n`;
  const missing = blockBytes - ((text.length + last.length) % blockBytes);
  return `${text}${ROWS - 1},${'y'.repeat(missing)}\n`;
}

export interface Kind {
  readonly ask: (flags: readonly string[]) => Outcome;
  /** What stdout is; undefined where it is refused, and then what stderr says. */
  readonly expected: string | RegExp;
}

/** Files in a folder that goes with `dispose`, and how each is asked. */
export function makeKinds(): Disposable & { readonly kinds: Readonly<Record<string, Kind>> } {
  const folder = mkdtempSync(join(tmpdir(), 'nairobi-matrix-'));
  const shared = mkdtempSync('/dev/shm/nairobi-matrix-');
  const text = rowsOf(ROWS, 'x');
  const put = (name: string, content: string, where = folder): string => {
    writeFileSync(join(where, name), content);
    return join(where, name);
  };
  const regular = put('regular.csv', text);
  const odd = put('odd.csv', text.slice(0, -1));
  const long = put('long.csv', rowsOf(LONG_ROWS, 'x'.repeat(200)));
  const link = join(folder, 'link.csv');
  symlinkSync('regular.csv', link);
  const sparse = put('sparse.csv', rowsOf(20, 'x'));
  truncateSync(sparse, 4 * 2 ** 20);
  const empty = put('empty.csv', '');
  const tmpfs = put('tmpfs.csv', text, shared);
  const longTmpfs = put('long.csv', rowsOf(LONG_ROWS, 'x'.repeat(200)), shared);
  const file = (path: string, expected: Kind['expected'] = answer(ROWS)): Kind => ({
    ask: (flags) => askFile(path, flags),
    expected,
  });
  const line = (before: string, path: string, after = ''): Kind => ({
    ask: (flags) =>
      shell(
        `cd ${folder}; ${before} nairobi query "${SQL} '${path}'" ${[...PLAIN, ...flags].join(' ')} ${after}`,
      ),
    expected: answer(ROWS),
  });
  return {
    kinds: {
      'a regular file': file(regular),
      'a file whose tail is not aligned': file(odd),
      'a file that is long enough to be scanned in place': file(long, answer(LONG_ROWS)),
      'a symlink': file(link),
      'a file in memory': file(tmpfs),
      'a long file in memory': file(longTmpfs, answer(LONG_ROWS)),
      'a file that ends in a hole': file(sparse, /binary data|\\u0000|1 field where/),
      'an empty file': file(empty, /The input is empty/),
      'a file without a name': line('cp regular.csv n; exec 3< n; rm n;', '/proc/self/fd/3'),
      'a memfd': { ask: (flags) => askMemfd(text, flags), expected: answer(ROWS) },
      'a FIFO': line('rm -f f; mkfifo f; cat regular.csv > f &', 'f'),
      'standard input that is a file': line('', '-', '< regular.csv'),
      'standard input that is a pipe': line('cat regular.csv |', '-'),
      'a file of /proc of size 0': {
        ask: (flags) =>
          shell(
            `nairobi query "select count(*) n from '/proc/filesystems'" --no-header -d '|' ${[...PLAIN, ...flags].join(' ')} > ${folder}/o; echo "$(tail -1 ${folder}/o) $(wc -l < /proc/filesystems)"`,
          ),
        expected: /^(\d+) \1\n$/,
      },
    },
    [Symbol.dispose](): void {
      rmSync(folder, { recursive: true, force: true });
      rmSync(shared, { recursive: true, force: true });
    },
  };
}

function askMemfd(text: string, flags: readonly string[]): Outcome {
  const fd = memfdCreate('nairobi-matrix', 0);
  writeSync(fd, text);
  const args = [BIN, 'query', `${SQL} '/proc/self/fd/3'`, ...PLAIN, ...flags];
  const stdio = ['ignore', 'pipe', 'pipe', fd] as const;
  const { status, stdout, stderr } = spawnSync('/bin/sh', args, {
    stdio: [...stdio],
    encoding: 'utf8',
  });
  return { stdout: stdout ?? '', stderr: stderr ?? '', code: status ?? 255 };
}

/** What is wrong with an answer; undefined when nothing is. */
export function wrong(kind: Kind, flags: readonly string[]): string | undefined {
  const { stdout, stderr, code } = kind.ask(flags);
  const { expected } = kind;
  const isRight =
    typeof expected === 'string'
      ? stdout === expected && code === 0
      : expected.test(stdout) || (code === 1 && stdout === '' && expected.test(stderr));
  return isRight ? undefined : `${flags.join(' ')}: ${code} ${stdout.slice(0, 99)} ${stderr}`;
}

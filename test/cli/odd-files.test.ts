/** What is no plain file, or not what stat(2) says of it, through the real program. */
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, truncateSync, writeSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { close, memfdCreate } from '../../src/kernel/calls.ts';
import { MEMFD } from '../../src/kernel/constants.ts';
import type { Fd } from '../../src/kernel/syscall.ts';
import { BIN, folderWith, nairobi, shell } from './nairobi.ts';

const CSV = 'a,b\n1,2\n3,4\n';
const COUNT = "select count(*) as n, sum(b) as s from '%'";
const counted = (file: string): string => COUNT.replace('%', file);
const ANSWER = 'n,s\n2,6\n';
/** Small files go through the ring with auto. */
const WAYS = ['auto', 'pread', 'mmap'] as const;
const isRoot = process.getuid?.() === 0;
if (!isRoot) console.log('skipped: mounting and loop devices take root');

/** Runs a command that must work; its trimmed output. */
function must(command: string, ...args: string[]): string {
  const run = spawnSync(command, args, { encoding: 'utf8' });
  if (run.status !== 0) throw new Error(`${command} ${args.join(' ')}: ${run.stderr}`);
  return run.stdout.trim();
}

describe.each(WAYS)('with --io %s', (io) => {
  const query = (sql: string): ReturnType<typeof nairobi> => nairobi(['query', sql, '--io', io]);

  it('an empty file is told as such, one byte is a header without rows', () => {
    const folder = folderWith({ empty: '', one: 'x' });
    const empty = query(`select * from '${folder}/empty' `);
    expect(empty.code).toBe(1);
    expect(empty.stderr).toContain('The input is empty');
    const one = query(`select count(*) as n from '${folder}/one'`);
    expect(one.stdout).toBe('n\n0\n');
  });

  it('a sparse file is read, its hole as the zeros it stands for', () => {
    const folder = folderWith({ 't.csv': CSV });
    truncateSync(`${folder}/t.csv`, CSV.length + 40_000);
    const { code, stderr } = query(counted(`${folder}/t.csv`));
    // A record of zeros is no number: an error with its place, never a sum.
    expect(code).toBe(1);
    expect(stderr).toMatch(/t\.csv/);
  });

  it('a file of sysfs, whose size says a page, is read to its end', () => {
    const { stdout, stderr } = query("select * from '/sys/kernel/mm/transparent_hugepage/enabled'");
    expect(stderr).toBe('');
    expect(stdout).toMatch(/madvise/);
  });

  it('a descriptor of a deleted file, a memfd and a pipe are read under /proc/self/fd', () => {
    const folder = folderWith({ 't.csv': CSV });
    const sql = counted('/proc/self/fd/3');
    const deleted = openSync(`${folder}/t.csv`, 'r');
    rmSync(`${folder}/t.csv`);
    const memory = memfdCreate('table', MEMFD.MFD_CLOEXEC);
    writeSync(memory, CSV);
    for (const fd of [deleted, memory]) {
      const run = spawnSync(BIN, ['query', sql, '--io', io], {
        stdio: ['ignore', 'pipe', 'pipe', fd],
        encoding: 'utf8',
      });
      expect(run.stderr).toBe('');
      expect(run.stdout).toBe(ANSWER);
    }
    closeSync(deleted);
    close(memory as Fd);
    const piped = shell(
      `printf '${CSV.replaceAll('\n', '\\n')}' | nairobi query "${sql}" --io ${io} 3<&0`,
    );
    expect(piped.stdout).toBe(ANSWER);
  });
});

it('a connected socket is a source like any other: as standard input and by its descriptor', async () => {
  for (const [source, at] of [
    ['-', 0],
    ['/proc/self/fd/3', 3],
  ] as const) {
    // Node connects its children by socket pairs.
    const stdio = [at === 0 ? 'pipe' : 'ignore', 'pipe', 'pipe', 'pipe'] as const;
    const run = spawn(BIN, ['query', counted(source)], {
      stdio: [...stdio],
    });
    const input = run.stdio[at] as NodeJS.WritableStream;
    input.write(CSV.slice(0, 5));
    setTimeout(() => input.end(CSV.slice(5)), 300);
    const [stdout, stderr] = await Promise.all([
      text(run.stdout as Readable),
      text(run.stderr as Readable),
    ]);
    expect(stderr).toBe('');
    expect(stdout).toBe(ANSWER);
  }
});

it('a FIFO, /dev/null, an endless device and a directory each end in an answer or a clear error', () => {
  const folder = folderWith({ 'sub/t.csv': CSV });
  must('mkfifo', `${folder}/fifo`);
  const fifo = shell(`cat sub/t.csv > fifo & nairobi query "${counted('fifo')}"`, {
    cwd: folder,
  });
  expect(fifo.stdout).toBe(ANSWER);
  expect(nairobi(['query', counted('/dev/null')]).stderr).toContain('The input is empty');
  const endless = nairobi(['query', counted('/dev/zero'), '--memory-limit', '64MiB']);
  expect([endless.code, endless.stderr]).toEqual([1, expect.stringContaining('binary data')]);
  expect(nairobi(['query', counted(`${folder}/sub`)]).stdout).toBe(ANSWER);
  mkdirSync(`${folder}/none`);
  expect(nairobi(['query', counted(`${folder}/none`)]).stderr).toContain('holds no files');
});

describe.skipIf(!isRoot)('on file systems and devices of the test', () => {
  it('tmpfs and overlayfs are read', () => {
    const folder = folderWith({ 'lower/t.csv': CSV, 'upper/.keep': '', 'work/.keep': '' });
    for (const name of ['tmpfs', 'overlay']) mkdirSync(`${folder}/${name}`);
    must('mount', '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', `${folder}/tmpfs`);
    const layers = `lowerdir=${folder}/lower,upperdir=${folder}/upper,workdir=${folder}/work`;
    try {
      must('cp', `${folder}/lower/t.csv`, `${folder}/tmpfs`);
      must('mount', '-t', 'overlay', '-o', layers, 'overlay', `${folder}/overlay`);
      for (const name of ['tmpfs', 'overlay']) {
        for (const direct of ['auto', 'always']) {
          const file = `${folder}/${name}/t.csv`;
          const args = ['query', counted(file), '--direct', direct];
          expect(nairobi(args).stdout).toBe(ANSWER);
        }
      }
    } finally {
      spawnSync('umount', ['-l', `${folder}/overlay`]);
      spawnSync('umount', ['-l', `${folder}/tmpfs`]);
    }
  });

  it('a block device is read to its end, through the page cache and past it', (context) => {
    // Whole sectors of 512 bytes: a device has no others.
    const folder = folderWith({ 'disk.img': `a,b\n${'1,2\n'.repeat(2175)}` });
    const attached = spawnSync('losetup', ['--find', '--show', `${folder}/disk.img`], {
      encoding: 'utf8',
    });
    if (attached.status !== 0) return context.skip(`no loop device: ${attached.stderr.trim()}`);
    const device = attached.stdout.trim();
    try {
      for (const direct of ['always', 'never']) {
        const { stdout, stderr } = nairobi(['query', counted(device), '--direct', direct]);
        expect(stderr).toBe('');
        expect(stdout).toBe('n,s\n2175,4350\n');
      }
    } finally {
      must('losetup', '-d', device);
    }
  });
});

/** Where the program runs from cron: full disks, homes that are none, outputs that are no files. */
import { existsSync, lstatSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { folderWith, nairobi, namesIn, shell } from './nairobi.ts';

let folder: string;
beforeEach(() => {
  folder = folderWith({ 'a.csv': 'k,v\n1,2\n3,4\n' });
});

const FULL = 'no space left on device';

describe('a disk that is full', () => {
  test.each([
    '--version',
    '--help',
    'stats --help',
    'help query',
    "query 'select 1 as a'",
    'stats a.csv',
    'doctor --only runtime.node',
  ])('is told of in two lines by %s', (line) => {
    const { stderr, code } = shell(`nairobi ${line} > /dev/full`, { cwd: folder });
    expect(stderr).toContain(`nairobi: Cannot write the output: ENOSPC: ${FULL}`);
    expect(stderr).toContain('make room');
    expect([stderr.trim().split('\n').length, code]).toEqual([2, 1]);
  });

  test('is told of with the name of the page that was to be written', () => {
    const { stderr, code } = nairobi(['stats', 'a.csv', '--html', '/dev/full'], { cwd: folder });
    expect(stderr).toMatch(/Cannot write \/dev\/full.*\n {2}at \/dev\/full\n {2}hint: .*make room/);
    expect(code).toBe(1);
  });
});

test.each(['--version', '--help', 'stats --help'])(
  'a reader that went away ends %s quietly',
  (line) => {
    const { stderr } = shell(`(sleep 0.3; nairobi ${line}; echo "code $?" >&2) | true`);
    expect(stderr).toBe('code 0\n');
  },
);

describe('a home', () => {
  test.each(['/proc', '/dev/null', '/no/such/home', ''])(
    'that is "%s" costs the cache and no more',
    (home) => {
      const env = { HOME: home, XDG_CACHE_HOME: '' };
      const { stdout, stderr, code } = nairobi(['query', 'select 1 as a'], { env, cwd: folder });
      expect([stdout, stderr, code]).toEqual(['a\n1\n', '', 0]);
      expect(existsSync('/no')).toBe(false);
    },
  );

  test('that is empty gets its cache', () => {
    const home = folderWith();
    const env = { HOME: home, XDG_CACHE_HOME: '' };
    expect(nairobi(['query', 'select 1 as a'], { env }).code).toBe(0);
    expect(namesIn(path.join(home, '.cache/nairobi'))).toEqual(
      expect.arrayContaining(['sql', 'v8']),
    );
  });
});

describe('a limit on virtual memory', () => {
  const rows = `k,v\n${Array.from({ length: 200_000 }, (_, i) => `g${i % 7},0.${i}`).join('\n')}\n`;

  test('of 20 GiB changes no answer and no way', () => {
    const large = folderWith({ 'b.csv': rows });
    const sql = 'select k, sum(v) as s, avg(v) as a from b group by k order by k';
    const line = `nairobi query "${sql}" b.csv; nairobi stats b.csv; nairobi doctor --only memory.address_space`;
    const [free, bound] = ['', 'ulimit -v 20971520; '].map((limit) =>
      shell(limit + line, { cwd: large, env: { COLUMNS: '200' } }),
    );
    const answers = (text = ''): string =>
      text.slice(0, text.lastIndexOf('\n\n', text.indexOf('address')));
    expect(bound?.stderr).toBe('');
    expect(answers(bound?.stdout)).toBe(answers(free?.stdout));
    expect(bound?.stdout).toContain('i memory.address_space  20 GiB of addresses');
    expect(free?.stdout).toContain('memory.address_space  no limit');
  });

  test('that is too low for stats says so', () => {
    const { stderr, code } = shell('ulimit -v 8388608; nairobi stats a.csv', { cwd: folder });
    if (code === 0) return; // a small file may do without
    expect(stderr).toContain('ulimit -v');
    expect(stderr).not.toContain('Polars could not finish');
  });
});

test('a host without /proc is told what to mount', (context) => {
  const away = "unshare --mount sh -c 'umount -l /proc";
  if (shell(`${away}'`).code !== 0) return context.skip('/proc cannot be taken away here');
  const { stderr, code } = shell(`${away}; $NAIROBI query "from a" a.csv'`, { cwd: folder });
  expect(stderr).toContain('hint: mount it: mount -t proc proc /proc');
  expect(code).toBe(3);
});

test('too few open files are told of, and how many to allow', () => {
  const { stderr, code } = shell('ulimit -n 30; nairobi stats a.csv', { cwd: folder });
  if (code === 0) return; // one thread, on a host with one processor
  expect(stderr).toMatch(/too many (open files|files are open)/i);
  const fewer = shell('ulimit -n 20; $NAIROBI query "select 1"');
  expect(fewer).toMatchObject({ code: 3 });
  expect(fewer.stderr).toContain('only 20 files may be open at once');
  const doctor = shell('ulimit -n 30; nairobi doctor --only runtime.open_files');
  expect(doctor.stdout).toContain('! runtime.open_files  30 at a time');
});

describe('ingest', () => {
  test('leaves devices, pipes and standard output as they are', () => {
    shell('mkfifo pipe.csv; ln -s /dev/null device.csv', { cwd: folder });
    for (const target of ['pipe.csv', 'device.csv', '-']) {
      const { stderr, code } = nairobi(['ingest', 'a.csv', '-o', target], { cwd: folder });
      expect(stderr).toContain('Cannot ingest into ');
      expect(stderr).toContain('hint: ');
      expect(code).toBe(2);
    }
    expect(lstatSync(path.join(folder, 'pipe.csv')).isFIFO()).toBe(true);
    expect(lstatSync(path.join(folder, 'device.csv')).isSymbolicLink()).toBe(true);
    expect(existsSync(path.join(folder, '-'))).toBe(false);
  });

  test('takes no file for a directory because its name has no ending', () => {
    shell('echo mine > plain', { cwd: folder });
    const { stderr, code } = nairobi(['ingest', 'a.csv', '-o', 'plain'], { cwd: folder });
    expect(stderr).toContain('Cannot tell the format of plain');
    expect([readFileSync(path.join(folder, 'plain'), 'utf8'), code]).toEqual(['mine\n', 2]);
  });

  test('says what helps where a directory cannot be written to', () => {
    const { stderr } = nairobi(['ingest', 'a.csv', '-o', '/proc/a.parquet'], { cwd: folder });
    expect(stderr).toMatch(/hint: .*nothing was committed/);
  });
});

/** Rows lie on reserved huge pages where the host has them to spare, and elsewhere otherwise. */
import { spawnSync } from 'node:child_process';
import { closeSync, fstatSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Connection } from '../../src/client/connection.ts';
import { fileSystemType } from '../../src/kernel/calls.ts';
import type { Fd } from '../../src/kernel/syscall.ts';
import { mapFile } from '../../src/memory/file-map.ts';
import { isSealed } from '../../src/memory/sealed.ts';
import { hasSysctl } from '../host/launch.ts';
import { withSysctl } from '../host/sysctl.ts';
import { startDaemon, table } from './daemon.ts';

const HUGE = '/proc/sys/vm/nr_hugepages';
/** 128 MiB: the file read, and its rows. */
const PAGES = 64;
const ROWS = 900_000;
const HUGETLBFS_MAGIC = 0x958458f6;
const HUGE_PAGE_BYTES = 2 * 1024 * 1024;

/** Others take free pages too, every nairobi that reads: then it is tried again with more. */
const ROUNDS = 5;

interface Seen {
  readonly pages: unknown;
  readonly bytes: number;
  readonly fileSystem: number;
  readonly answer: unknown;
}

/** A dataset of some 20 MiB in a daemon: what it lies on, and what is computed of it. */
async function served(check: (fd: Fd, path: string) => void = () => undefined): Promise<Seen> {
  const daemon = await startDaemon();
  try {
    using client = Connection.open(daemon.socket);
    const path = daemon.file('huge.csv', table(ROWS));
    const { result, fds } = await client.request('Open', { path, data: true });
    const fd = fds[0] as Fd;
    const sql = 'select s, count(*) as n, sum(x) as x, avg(y) as y from data group by s order by s';
    const asked = { dataset: String(result['dataset']), sql };
    // Two threads: one of them has the rows in the file only.
    const both = await Promise.all([
      client.request('Query', asked),
      client.request('Query', asked),
    ]);
    expect(both[1]?.result['rows']).toEqual(both[0]?.result['rows']);
    expect(isSealed(fd)).toBe(true);
    check(fd, daemon.socket);
    const seen = { fileSystem: fileSystemType(fd), bytes: fstatSync(fd).size };
    closeSync(fd);
    return { ...seen, pages: result['pages'], answer: both[0]?.result['rows'] };
  } finally {
    await daemon.stop();
  }
}

const pagesOf = (kind: string): number => {
  const file = `/sys/kernel/mm/hugepages/hugepages-2048kB/${kind}_hugepages`;
  return Number(readFileSync(file, 'utf8'));
};

/** `seen` on pages that nobody else has taken; undefined when somebody always does. */
async function onReservedPages(seen: () => Promise<Seen>): Promise<Seen | undefined> {
  for (let round = 0; round < ROUNDS; round += 1) {
    const used = pagesOf('nr') - pagesOf('free');
    const tried = await withSysctl(HUGE, used + PAGES, async () => {
      const spare = pagesOf('free');
      const found = await seen();
      return { found, spare, left: pagesOf('free') };
    });
    // With nobody else there, all are free again once the daemon has ended.
    const isAlone = tried.spare >= PAGES && tried.left >= tried.spare;
    if (isAlone || tried.found.pages !== 'plain') return tried.found;
  }
  return undefined;
}

describe.skipIf(!hasSysctl(HUGE))('with and without reserved huge pages', () => {
  test('rows are the same, sealed, and mapped by a client as they lie', async (context) => {
    const plain = await withSysctl(HUGE, 0, () => served());
    expect(plain).toMatchObject({ pages: 'plain' });
    expect(plain.fileSystem).not.toBe(HUGETLBFS_MAGIC);
    const huge = await onReservedPages(() =>
      served((fd, socket) => {
        expect(mapFile(fd).subarray(0, 6).toString()).toBe('ARROW1');
        const script =
          'import sys; sys.path.insert(0, "python"); import nairobi_os as nb\n' +
          'df = nb.read_csv(sys.argv[1]); print(sum(df.x.to_list()), df.s.to_list()[-1])';
        const file = socket.replace('run/socket', 'huge.csv');
        const { stdout, stderr } = spawnSync('python3', ['-c', script, file], {
          env: { ...process.env, NAIROBI_SOCKET: socket },
          encoding: 'utf8',
        });
        expect(stderr).toBe('');
        expect(stdout).toBe(`${((ROWS - 1) * ROWS) / 2} k${(ROWS - 1) % 7}\n`);
      }),
    );
    if (huge === undefined) return context.skip('others take every huge page of this host');
    expect(huge).toMatchObject({ pages: 'hugetlb-2M', fileSystem: HUGETLBFS_MAGIC });
    expect(huge.bytes % HUGE_PAGE_BYTES).toBe(0);
    expect(huge.answer).toEqual(plain.answer);
  }, 120_000);
});

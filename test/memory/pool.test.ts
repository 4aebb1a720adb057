import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { AssertionFailure } from '../../src/errors.ts';
import { Pool } from '../../src/memory/pool.ts';
import { spareHugePages } from '../../src/memory/region.ts';
import { proveMapping } from '../../src/memory/smaps.ts';
import { bytes, MiB } from '../../src/units.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

test('a lease is as long as asked, starts on a huge page, and holds what is written', () => {
  using pool = new Pool();
  using lease = pool.lease(3 * MiB + 5);
  expect(lease.byteLength).toBe(3 * MiB + 5);
  expect(lease.address % BigInt(2 * MiB)).toBe(0n);
  const all = lease.bytes();
  all.fill(7);
  expect(lease.bytes(3 * MiB, 5)).toEqual(Buffer.from([7, 7, 7, 7, 7]));
  expect(lease.bytes(1, 1).buffer).toBe(all.buffer);
});

test('the pages are what the lease says they are, by /proc/self/smaps', () => {
  using pool = new Pool();
  using lease = pool.lease(8 * MiB);
  lease.bytes().fill(1);
  const proof = proveMapping(lease.address);
  if (lease.pageKind === 'hugetlb-2M') {
    expect(proof?.kernelPageBytes).toBe(2 * MiB);
    expect(proof?.hugetlbBytes).toBeGreaterThanOrEqual(8 * MiB);
  } else if (lease.pageKind === 'thp') {
    // The flag is certain; promotion depends on free memory at the moment.
    expect(proof?.vmFlags).toContain('hg');
  } else {
    expect(proof?.kernelPageBytes).toBe(4096);
  }
});

test('plain pages are given when plain pages are wished for', () => {
  using pool = new Pool({ pages: 'plain' });
  using lease = pool.lease(MiB);
  expect(lease.pageKind).toBe('plain');
  expect(proveMapping(lease.address)?.vmFlags).not.toContain('hg');
});

test('a wish for reserved pages the host lacks steps down the ladder', (context) => {
  if (spareHugePages() > 1000) context.skip('this host has more than 2 GB of huge pages reserved');
  using pool = new Pool({ pages: 'hugetlb-2M' });
  using lease = pool.lease(4096 * MiB);
  expect(['thp', 'plain']).toContain(lease.pageKind);
});

test('a released region is lent again to the next who fits', () => {
  using pool = new Pool();
  const first = pool.lease(4 * MiB);
  const { address } = first;
  first.release();
  using second = pool.lease(4 * MiB);
  expect(second.address).toBe(address);
  expect(pool.mappedBytes).toBe(4 * MiB);
});

test('a released lease gives no bytes and no address', () => {
  using pool = new Pool();
  const lease = pool.lease(10);
  lease.release();
  lease.release();
  expect(() => lease.bytes()).toThrow(AssertionFailure);
  expect(() => lease.address).toThrow(AssertionFailure);
});

test('bytes beyond the lease are refused', () => {
  using pool = new Pool();
  using lease = pool.lease(100);
  expect(() => lease.bytes(90, 11)).toThrow(/outside a lease/);
  expect(() => lease.bytes(-1, 1)).toThrow(/outside a lease/);
  expect(lease.bytes(100)).toHaveLength(0);
});

test('a lease beyond the limit is an error that says what to pass', () => {
  using pool = new Pool({ limitBytes: bytes(8 * MiB) });
  using _held = pool.lease(6 * MiB);
  expect(() => pool.lease(4 * MiB)).toThrow(/needs 10 MiB of buffers, but the limit is 8 MiB/);
  expect(pool.lease(2 * MiB).byteLength).toBe(2 * MiB);
});

test('the limit counts kept regions out when room is needed', () => {
  using pool = new Pool({ limitBytes: bytes(8 * MiB) });
  pool.lease(8 * MiB).release();
  using lease = pool.lease(2 * MiB);
  expect(lease.byteLength).toBe(2 * MiB);
  expect(pool.mappedBytes).toBe(2 * MiB);
});

/** Address ranges mapped now that hold `address`. */
const isMapped = (address: bigint): boolean => proveMapping(address) !== undefined;

test('a mapping lives as long as a view of it, and no longer', async () => {
  let view: Buffer | undefined;
  const address = ((): bigint => {
    using pool = new Pool();
    const lease = pool.lease(2 * MiB);
    view = lease.bytes(0, 4);
    view.write('held');
    const at = lease.address;
    lease.release();
    return at;
  })();
  for (let round = 0; round < 5; round++) {
    collectGarbage();
    await setImmediate();
  }
  expect(isMapped(address)).toBe(true);
  expect(view).toHaveLength(4); // a stale view reads, whatever is there now
  view = undefined;
  for (let round = 0; round < 20 && isMapped(address); round++) {
    collectGarbage();
    await setImmediate();
  }
  expect(isMapped(address)).toBe(false);
});

test('room that was kept or dropped cannot be unmapped once more, whatever an error handler does', () => {
  using pool = new Pool({ limitBytes: bytes(64 * MiB) });
  const room = pool.open();
  using lease = room.keep(4096);
  room.drop();
  lease.bytes(0, 4096).fill(7);
  expect(lease.bytes(0, 4096).every((byte) => byte === 7)).toBe(true);
  const other = pool.open();
  other.drop();
  other.drop();
  expect(() => other.keep(1)).toThrow(AssertionFailure);
});

test('what is lent again and again takes memory once, also within a limit that leaves less', () => {
  using pool = new Pool({ limitBytes: bytes(16 * MiB) });
  const first = pool.leaseUpTo(12 * MiB);
  const { address } = first;
  first.release();
  const again = pool.leaseUpTo(12 * MiB);
  expect(again.address).toBe(address);
  using rest = pool.leaseUpTo(12 * MiB);
  expect(rest.byteLength).toBe(4 * MiB);
  again.release();
  const room = pool.open();
  expect(pool.mappedBytes).toBe(4 * MiB);
  room.drop();
});

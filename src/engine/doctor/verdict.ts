/** From findings to one answer: able or not, and how fast this host reads. */
import type { Finding } from '../../host/checks/finding.ts';
import type { Facts } from '../../host/facts.ts';

export type Ability = 'able' | 'able with warnings' | 'not able' | 'could not tell';

/** Findings that --ignore muted are listed, but do not count. */
export function conclude(
  findings: readonly Finding[],
  asked: ReadonlySet<string>,
  strict: boolean,
): { readonly ability: Ability; readonly exit: 0 | 1 | 2 | 3 } {
  const counted = findings.filter(({ muted }) => !muted);
  if (counted.some(({ status }) => status === 'fail')) return { ability: 'not able', exit: 2 };
  const unknown = counted.filter(({ status }) => status === 'unknown');
  if (unknown.some(({ id, required }) => required || asked.has(id))) {
    return { ability: 'could not tell', exit: 3 };
  }
  if (counted.some(({ status }) => status === 'warn')) {
    return { ability: 'able with warnings', exit: strict ? 1 : 0 };
  }
  return { ability: 'able', exit: 0 };
}

/**
 * The way bytes will travel here and what it costs against the best way. Measured on a two-core
 * x86-64 machine: direct reads of 1 MiB into plain pages reach 65 % of those into huge pages
 * (2.59 against 3.99 GB/s), preadv2 is 5-15 % behind io_uring and takes twice the processor time.
 */
export function verdictLine(facts: Facts, findings: readonly Finding[]): string {
  const failed = findings.find(({ status, muted }) => status === 'fail' && !muted);
  if (failed !== undefined) return `${failed.id}: ${failed.found}`;
  const setup = findings.find(({ id }) => id === 'io_uring.setup');
  if (setup === undefined) return groupLine(findings);
  const pages = hugePages(facts);
  const into = pages === undefined ? 'plain pages' : pages;
  if (setup.status === 'unknown')
    return `whether io_uring works is not known; reads go into ${into}`;
  const reads = findings.find(({ id }) => id === 'io_uring.opcodes')?.status !== 'warn';
  const ring = reads && (setup.status === 'pass' || setup.status === 'info');
  if (ring) {
    return pages === undefined
      ? 'reads through io_uring into plain pages: about two thirds of the speed of direct reads'
      : `reads through io_uring into ${into}: full speed`;
  }
  return pages === undefined
    ? 'reads with preadv2 into plain pages: about half the speed of direct reads'
    : `reads with preadv2 into ${into}: 5-15 % slower, with twice the processor time`;
}

function hugePages({ memory, needs }: Facts): string | undefined {
  const reserved = memory.pools.some(
    ({ available, pageBytes }) =>
      pageBytes <= 32 * 2 ** 20 && available * pageBytes >= needs.poolBytes,
  );
  if (reserved) return 'reserved huge pages';
  const transparent = memory.thp !== undefined && memory.thp.enabled !== 'never';
  return transparent ? 'transparent huge pages' : undefined;
}

function groupLine(findings: readonly Finding[]): string {
  const looked = findings.filter(({ status }) => status !== 'skip').length;
  const checks = `${looked} check${looked === 1 ? '' : 's'}`;
  const worse = findings.filter(({ status }) => status === 'warn').length;
  return worse === 0 ? `${checks}, nothing to mend` : `${checks}, ${worse} with something to mend`;
}

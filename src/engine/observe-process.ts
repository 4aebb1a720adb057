/** What this process sees of the host and of itself: directories, page size, C library. */
import { accessSync, constants, readFileSync, statfsSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { DirectoryObservation, Observed } from '../host/observed.ts';
import { endOf } from './observe-outcomes.ts';
import type { DirectTrial } from './trials/direct.ts';
import type { TrialOutcome } from './trials/run.ts';

export function directoryOf(
  { path, purpose }: Pick<DirectoryObservation, 'path' | 'purpose'>,
  outcomes: ReadonlyMap<string, TrialOutcome>,
): DirectoryObservation {
  const outcome = outcomes.get(`direct:${path}`);
  const trial = outcome?.answered === true ? (outcome.result as DirectTrial) : undefined;
  const direct = outcome === undefined ? undefined : (endOf(outcome) ?? trial?.attempt);
  const place = exists(path) ? path : dirname(resolve(path));
  const there = exists(place);
  const space = there ? statfsSync(place) : undefined;
  const device = there ? statSync(place).dev : 0;
  return {
    path,
    purpose,
    exists: exists(path),
    readable: there && allowed(path, constants.R_OK),
    writable: there && allowed(place, constants.W_OK),
    freeBytes: (space?.bavail ?? 0) * (space?.bsize ?? 0),
    totalBytes: (space?.blocks ?? 0) * (space?.bsize ?? 0),
    freeInodes: space?.ffree ?? 0,
    totalInodes: space?.files ?? 0,
    device: deviceNumber(device),
    direct,
    directAlignBytes: trial?.alignBytes,
  };
}

/** dev_t of 64-bit Linux: the major's low 12 bits from bit 8, the minor around them. */
function deviceNumber(dev: number): string {
  const value = BigInt(dev);
  const major = ((value >> 8n) & 0xfffn) | ((value >> 32n) & 0xfffff000n);
  const minor = (value & 0xffn) | ((value >> 12n) & 0xffffff00n);
  return `${major}:${minor}`;
}

/** AT_PAGESZ of the auxiliary vector: pairs of 64-bit words (getauxval(3)). */
export function pageBytes(): number | undefined {
  const AT_PAGESZ = 6n;
  try {
    const words = readFileSync('/proc/self/auxv');
    for (let at = 0; at + 16 <= words.length; at += 16) {
      if (words.readBigUInt64LE(at) === AT_PAGESZ) return Number(words.readBigUInt64LE(at + 8));
    }
  } catch {
    // a host that hides it
  }
  return undefined;
}

/** The C library this Node was linked with, by the loader it is mapped with. */
export function libc(): Observed['libc'] {
  try {
    return readFileSync('/proc/self/maps', 'utf8').includes('/ld-musl-') ? 'musl' : 'glibc';
  } catch {
    return undefined;
  }
}

export function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

function allowed(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}

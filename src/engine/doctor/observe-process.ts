/** What this process sees of the host and of itself: directories, page size, C library. */
import { existsSync, readFileSync } from 'node:fs';
import type { DirectoryObservation, Observed, Place } from '../../host/observed.ts';
import { fontFile } from '../../render/assets.ts';
import { endOf } from './observe-outcomes.ts';
import type { TrialOutcome } from './trials/run.ts';

/** What the trial saw of a place; of one that did not answer, that it did not. */
export function directoryOf(place: Place, outcome: TrialOutcome | undefined): DirectoryObservation {
  const end = endOf(outcome);
  if (end === undefined && outcome?.answered === true)
    return outcome.result as DirectoryObservation;
  return {
    ...place,
    exists: false,
    readable: false,
    writable: false,
    freeBytes: 0,
    totalBytes: 0,
    freeInodes: 0,
    totalInodes: 0,
    device: '',
    direct: end,
    directAlignBytes: undefined,
  };
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

export function hasBundledFont(): boolean {
  try {
    return existsSync(fontFile(false));
  } catch {
    return false; // the whole folder of assets is missing
  }
}

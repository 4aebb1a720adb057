/**
 * Captures: the files a host was judged by and what it observed of itself, in one tar file. They
 * are made by recording what the facts read, so nothing else gets in, and secrets are left out.
 */
import { readFileSync, statSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';
import { NairobiError } from '../../errors.ts';
import type { Check } from '../../host/checks/finding.ts';
import { readFacts } from '../../host/facts.ts';
import { type HostFiles, hostFiles, recordingFiles, treeFiles } from '../../host/files.ts';
import type { Observed } from '../../host/observed.ts';
import { redact } from '../../host/redact.ts';
import { readTar, writeTar } from '../../host/tar.ts';

/** Where a capture keeps what is in no file of the host. */
export const OBSERVED_FILE = '/nairobi-observed.json';

/** The host at `root`: this one, the tree in a directory, or a capture file. */
export function filesOf(root: string): HostFiles {
  if (root === '/') return hostFiles();
  const stat = statSync(root, { throwIfNoEntry: false });
  if (stat === undefined) {
    throw new NairobiError('NOT_FOUND', `There is no capture at "${root}"`, {
      hint: 'name a directory that holds proc and sys, or a file made with --capture',
      where: { file: root },
    });
  }
  if (stat.isDirectory()) return hostFiles(root);
  return treeFiles(entriesOf(root));
}

function entriesOf(file: string): ReadonlyMap<string, string> {
  const bytes = readFileSync(file);
  const gzipped = bytes[0] === 0x1f && bytes[1] === 0x8b;
  try {
    return readTar(gzipped ? gunzipSync(bytes) : bytes);
  } catch (cause) {
    throw new NairobiError('BAD_DATA', `Cannot read "${file}" as a capture`, {
      cause,
      hint: 'it has to be a .tar or .tar.gz made by "nairobi doctor --capture"',
      where: { file },
    });
  }
}

/** The bytes of a capture of this host; gzipped when `name` ends in "gz". */
export function packCapture(
  name: string,
  observed: Observed,
  checks: readonly Check[],
  needs: Parameters<typeof readFacts>[2],
): Buffer {
  const entries = new Map<string, string>();
  const facts = readFacts(recordingFiles(hostFiles(), entries), observed, needs);
  // Judging reads nothing, but proves that the capture answers every check.
  for (const check of checks) check.judge(facts);
  entries.set(OBSERVED_FILE, `${JSON.stringify(observed, undefined, 1)}\n`);
  const tar = writeTar(redact(entries));
  return name.endsWith('gz') ? gzipSync(tar) : tar;
}

/** Judges the inputs and outputs that --for names. */

import { formatBytes } from '../../units.ts';
import type { Facts } from '../facts.ts';
import { describeAttempt } from '../observed.ts';
import type { StorageFacts } from '../storage.ts';
import { type Check, commandFix, type Verdict } from './finding.ts';

export const DATA_CHECKS: readonly Check[] = [
  {
    id: 'data.input',
    group: 'data',
    title: 'inputs named by --for are there and can be read',
    judge: (facts) => judgeEach(facts, 'input', judgeInput),
  },
  {
    id: 'data.output',
    group: 'data',
    title: 'the output named by --for can be written',
    judge: (facts) => judgeEach(facts, 'output', judgeOutput),
  },
];

function judgeEach(
  facts: Facts,
  purpose: StorageFacts['purpose'],
  judge: (place: StorageFacts) => Verdict,
): Verdict {
  const verdicts = facts.storage.filter((place) => place.purpose === purpose).map(judge);
  if (verdicts.length === 0) return { status: 'skip', found: 'none was named' };
  const bad = verdicts.find(({ status }) => status !== 'pass');
  return bad ?? { status: 'pass', found: verdicts.map(({ found }) => found).join('; ') };
}

function judgeInput({ path, exists, readable, fileSystem, device, direct }: StorageFacts): Verdict {
  if (device === '' && direct !== undefined) {
    return { status: 'unknown', found: `${path}: ${describeAttempt(direct)}`, needed: 'the input' };
  }
  if (!exists) {
    return {
      status: 'fail',
      found: `${path} does not exist`,
      needed: 'the input',
      cause: 'a wrong path, or a file system that is not mounted',
      fixes: [commandFix('now', 'host', false, `ls -l ${path}`, 'findmnt')],
    };
  }
  if (!readable) {
    return {
      status: 'fail',
      found: `${path} cannot be read`,
      needed: 'the right to read it',
      cause: 'the permissions of the file or of a directory above it',
      fixes: [commandFix('now', 'host', false, `namei -l ${path}`)],
    };
  }
  return { status: 'pass', found: `${path} (${fileSystem ?? 'unknown file system'})` };
}

function judgeOutput({ path, writable, freeBytes }: StorageFacts): Verdict {
  if (writable) return { status: 'pass', found: `${path} (${formatBytes(freeBytes)} free)` };
  return {
    status: 'fail',
    found: `${path} cannot be written`,
    needed: 'a directory that is there and can be written',
    cause: 'the directory does not exist, or its permissions forbid it',
    fixes: [commandFix('now', 'host', false, `namei -l ${path}`)],
  };
}

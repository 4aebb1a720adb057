/** What the doctor leaves in files: metrics for a collector, a capture for somebody else. */
import { writeWhole } from '../../formats/write.ts';
import { CHECKS } from '../../host/checks/all.ts';
import type { Check } from '../../host/checks/finding.ts';
import { hostFiles } from '../../host/files.ts';
import { packCapture } from './capture.ts';
import { NEEDS, observeFor, selectChecks } from './doctor.ts';

export interface CaptureReport {
  readonly file: string;
  readonly bytes: number;
}

/** Examines this host with every check and keeps what they read in `file`. */
export async function captureHost(file: string, timeoutMs: number): Promise<CaptureReport> {
  const files = hostFiles();
  const nothing = { required: new Set<string>(), places: [] };
  const observed = await observeFor(files, CHECKS, nothing, timeoutMs);
  const bytes = packCapture(file, observed, CHECKS, NEEDS);
  writeWhole(file, bytes);
  return { file, bytes: bytes.length };
}

export interface CheckListing {
  readonly checks: readonly Pick<Check, 'id' | 'group' | 'title'>[];
}

/** Every check, or those of `only`. */
export function listChecks(only: readonly string[]): CheckListing {
  return { checks: selectChecks(only).map(({ id, group, title }) => ({ id, group, title })) };
}

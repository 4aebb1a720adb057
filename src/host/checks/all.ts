/** Every check, in the order of the report, and the judging of them. */
import { messageOf } from '../../errors.ts';
import type { Facts } from '../facts.ts';
import { CPU_CHECKS } from './cpu.ts';
import { DATA_CHECKS } from './data.ts';
import { type Check, docsOf, type Finding, type Verdict } from './finding.ts';
import { commandsOf } from './fix-text.ts';
import { HUGETLB_CHECKS } from './hugetlb.ts';
import { IPC_CHECKS } from './ipc.ts';
import { KERNEL_CHECKS } from './kernel.ts';
import { MEMORY_CHECKS } from './memory.ts';
import { RENDER_CHECKS } from './render.ts';
import { RUNTIME_CHECKS } from './runtime.ts';
import { STORAGE_CHECKS } from './storage.ts';
import { URING_CHECKS } from './uring.ts';

export const CHECKS: readonly Check[] = [
  ...KERNEL_CHECKS,
  ...URING_CHECKS,
  ...HUGETLB_CHECKS,
  ...MEMORY_CHECKS,
  ...CPU_CHECKS,
  ...STORAGE_CHECKS,
  ...RENDER_CHECKS,
  ...IPC_CHECKS,
  ...RUNTIME_CHECKS,
  ...DATA_CHECKS,
];

export interface JudgeOptions {
  /** Ids listed but left out of the verdict. */
  readonly ignored: ReadonlySet<string>;
  /** Ids whose warning means that what was asked for cannot be done. */
  readonly required: ReadonlySet<string>;
}

/** Judges `facts` with `checks`; a check that throws is a finding, never a crash. */
export function judge(
  checks: readonly Check[],
  facts: Facts,
  { ignored, required }: JudgeOptions,
): Finding[] {
  return checks.map((check): Finding => {
    const verdict = guarded(check, facts);
    const demanded = required.has(check.id);
    return {
      id: check.id,
      group: check.group,
      title: check.title,
      ...verdict,
      fixes: (verdict.fixes ?? []).map((fix) => ({ ...fix, commands: commandsOf(fix) })),
      status: demanded && falls(verdict) ? 'fail' : verdict.status,
      docs: docsOf(check.id),
      muted: ignored.has(check.id),
      required: demanded,
    };
  });
}

/** What is a remark on its own is a failure once somebody depends on it. */
function falls({ status, cause }: Verdict): boolean {
  return status === 'warn' || (status === 'info' && cause !== undefined);
}

function guarded(check: Check, facts: Facts): Verdict {
  try {
    return check.judge(facts);
  } catch (error) {
    return { status: 'unknown', found: `the check itself failed: ${messageOf(error)}` };
  }
}

/** The argument that a wait in io_uring_enter carries: which signals end it, and when it ends. */
import { SIGSET_BYTES, timespec, WAITING_MASK } from '../kernel/calls.ts';
import { ENTER, FEATURE } from '../kernel/constants.ts';
import { GETEVENTS_ARG } from '../kernel/layout.ts';
import { type Address, lend } from '../kernel/syscall.ts';

export interface EnterArgument {
  /** IORING_ENTER_EXT_ARG, or 0 where only the mask can be passed (before 5.11). */
  readonly flag: number;
  readonly address: Address;
  readonly byteLength: number;
}

export const hasTimedWaits = (features: number): boolean =>
  (features & FEATURE.IORING_FEAT_EXT_ARG) !== 0;

/** `timeoutMs` counts only where the ring has timed waits. */
export function withWaitArgument<T>(
  features: number,
  timeoutMs: number | undefined,
  call: (argument: EnterArgument) => T,
): T {
  return lend(WAITING_MASK, (mask) => {
    if (!hasTimedWaits(features)) return call({ flag: 0, address: mask, byteLength: SIGSET_BYTES });
    const extended = new DataView(new ArrayBuffer(GETEVENTS_ARG.size));
    const { fields } = GETEVENTS_ARG;
    extended.setBigUint64(fields.sigmask.at, mask, true);
    extended.setUint32(fields.sigmaskSize.at, SIGSET_BYTES, true);
    const enter = (time: Address): T => {
      extended.setBigUint64(fields.ts.at, time, true);
      return lend(extended, (address) =>
        call({ flag: ENTER.IORING_ENTER_EXT_ARG, address, byteLength: GETEVENTS_ARG.size }),
      );
    };
    return timeoutMs === undefined ? enter(0n) : lend(timespec(timeoutMs), enter);
  });
}

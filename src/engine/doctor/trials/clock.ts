/**
 * Asks the kernel whether the clock is kept by NTP, PTP or the like: adjtimex(2), which only reads.
 */
import { SYS } from '../../../kernel/constants.ts';
import { lend, syscall } from '../../../kernel/syscall.ts';

export interface ClockTrial {
  readonly synchronised: boolean | undefined;
}

/** struct timex is 208 bytes on 64-bit machines; modes = 0 asks and changes nothing. */
const TIMEX_BYTES = 208;
const STATUS_AT = 40;
const STA_UNSYNC = 0x40;

export function tryClock(): ClockTrial {
  const timex = new Uint8Array(TIMEX_BYTES);
  const result = lend(timex, (address) => syscall(SYS.adjtimex, address));
  if (result < 0) return { synchronised: undefined };
  const status = new DataView(timex.buffer).getInt32(STATUS_AT, true);
  return { synchronised: (status & STA_UNSYNC) === 0 };
}

/** Descriptors that another process sent. */
import { SOCKET, SYS } from './constants.ts';
import { addressOf, type Fd, syscallAside } from './syscall.ts';

interface Closing {
  readonly fd: Fd;
  readonly onClosed: () => void;
}

/** Closed at a time: half of libuv's threads, since a close may last for ever. */
const AT_A_TIME = 2;

/** struct linger: off. */
const NO_LINGER = new Int32Array(2);
const waiting: Closing[] = [];
let active = 0;

/**
 * Closes it on another thread and says when that is done. What it is of decides how long closing
 * takes: a socket as long as its SO_LINGER says, up to 18 hours (socket(7)), which is taken from it
 * first; a file of a file system in user space until its server has answered.
 */
export function closeForeign(fd: Fd, onClosed: () => void = () => undefined): void {
  waiting.push({ fd, onClosed });
  if (active < AT_A_TIME) closeNext();
}

function closeNext(): void {
  const next = waiting.shift();
  if (next === undefined) return;
  active += 1;
  const { SOL_SOCKET, SO_LINGER } = SOCKET;
  const linger = [next.fd, SOL_SOCKET, SO_LINGER, addressOf(NO_LINGER), NO_LINGER.byteLength];
  // What is no socket says so.
  syscallAside(SYS.setsockopt, linger, () => {
    syscallAside(SYS.close, [next.fd], () => {
      active -= 1;
      next.onClosed();
      closeNext();
    });
  });
}

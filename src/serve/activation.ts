/** Sockets that systemd opened before the daemon was there: sd_listen_fds(3). */
import { fcntl } from '../kernel/calls.ts';
import { FCNTL, OPEN } from '../kernel/constants.ts';
import type { Fd } from '../kernel/syscall.ts';

const FIRST_FD = 3;

/** The one socket we were started for; undefined when we were not. */
export function inheritedSocket(env: NodeJS.ProcessEnv): Fd | undefined {
  const { LISTEN_PID, LISTEN_FDS } = env;
  if (Number(LISTEN_PID) !== process.pid || !(Number(LISTEN_FDS) >= 1)) return undefined;
  const fd = FIRST_FD as Fd;
  // systemd hands it over blocking, and an accept that waits would stop everything.
  fcntl(fd, FCNTL.F_SETFL, fcntl(fd, FCNTL.F_GETFL) | OPEN.O_NONBLOCK);
  return fd;
}

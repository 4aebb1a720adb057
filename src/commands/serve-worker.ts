/** The entry of the daemon's processes: its link is descriptor 3, its parent the argument. */
import type { Fd } from '../kernel/syscall.ts';
import { serveTasks } from '../serve/worker.ts';
import { runForClient } from './for-client.ts';
import type { Program } from './program.ts';

const LINK = 3 as Fd;

serveTasks(
  LINK,
  Number(process.argv[2]),
  ({ program }) =>
    (wish, shelf) =>
      runForClient(program as Program, wish, shelf),
);

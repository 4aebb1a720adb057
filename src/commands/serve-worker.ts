/** The entry of the daemon's threads. */
import { workerData } from 'node:worker_threads';
import type { WorkerData } from '../serve/pool.ts';
import { serveTasks } from '../serve/worker.ts';
import { runForClient } from './for-client.ts';
import type { Program } from './program.ts';

const { program, allowed, answers, bells } = workerData as WorkerData & {
  readonly program: Program;
};

serveTasks({ allowed, answers, bells }, (wish, shelf) => runForClient(program, wish, shelf));

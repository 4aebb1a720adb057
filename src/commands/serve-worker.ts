/** The entry of the daemon's threads. */
import { workerData } from 'node:worker_threads';
import { serveTasks } from '../serve/worker.ts';
import { runForClient } from './for-client.ts';
import type { Program } from './program.ts';

serveTasks((wish, shelf) => runForClient(workerData as Program, wish, shelf));

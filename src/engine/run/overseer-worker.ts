/**
 * The thread behind --timeout and --memory-limit. It ends the whole process, because the main
 * thread may be inside a native call of any length; nothing is half-written then but files that
 * still have other names, and those it removes.
 */

import { rmSync, writeSync } from 'node:fs';
import { receiveMessageOnPort, workerData } from 'node:worker_threads';
import { LOOK_EVERY_MS, OwnMemory } from '../../host/own-memory.ts';
import { exitGroup } from '../../kernel/calls.ts';
import { viewOf } from '../../kernel/syscall.ts';
import type { Unfinished } from '../../unfinished.ts';
import { ENDING, type End, type OverseerNews, type OverseerTask } from './overseer-words.ts';

class Overseer {
  readonly #task: OverseerTask;
  readonly #unfinished = new Map<string | number, Unfinished>();
  #deadline: (OverseerNews & { is: 'deadline' }) | undefined;
  #memory: (OverseerNews & { is: 'memory' }) | undefined;
  #isOver = false;
  readonly #own: OwnMemory;

  constructor(task: OverseerTask) {
    this.#task = task;
    this.#own = new OwnMemory('self', task.pageBytes);
  }

  watch(): void {
    const wake = new Int32Array(this.#task.wake);
    while (!this.#isOver) {
      const seen = Atomics.load(wake, 0);
      this.#listen();
      const now = Date.now();
      if (this.#deadline !== undefined && now >= this.#deadline.at) this.#end(this.#deadline);
      const memory = this.#memory;
      if (memory !== undefined && this.#own.bytes > memory.bytes) this.#end(causeOf(memory));
      const left = Math.max(0, (this.#deadline?.at ?? Number.POSITIVE_INFINITY) - now);
      Atomics.wait(wake, 0, seen, memory === undefined ? left : Math.min(left, LOOK_EVERY_MS));
    }
    this.#own.close();
  }

  #listen(): void {
    const { port } = this.#task;
    for (let got = receiveMessageOnPort(port); got; got = receiveMessageOnPort(port)) {
      const news = got.message as OverseerNews;
      if (news.is === 'deadline') this.#deadline = news;
      else if (news.is === 'memory') this.#memory = news;
      else if (news.is === 'over') this.#isOver = true;
      else {
        const key = 'path' in news.what ? news.what.path : news.what.pid;
        if (news.present) this.#unfinished.set(key, news.what);
        else this.#unfinished.delete(key);
      }
    }
  }

  #end({ message, exitCode }: End): void {
    const all = [...this.#unfinished.values()];
    for (const what of all) if ('path' in what) rmSync(what.path, { recursive: true, force: true });
    writeSync(2, message);
    // The main thread, which waits for it, must not end the process with its status.
    Atomics.store(new Int32Array(this.#task.wake), ENDING, 1);
    for (const what of all) if ('pid' in what) process.kill(what.pid, 'SIGTERM');
    exitGroup(exitCode);
  }
}

/** Memory that grew by pages of zeros, which stand for those that a file lost, is no lack of it. */
function causeOf(memory: OverseerNews & { is: 'memory' }): End {
  if (memory.lost === undefined) return memory;
  const { count, before, end } = memory.lost;
  return (new BigUint64Array(viewOf(count, 8))[0] ?? 0n) > before ? end : memory;
}

new Overseer(workerData as OverseerTask).watch();

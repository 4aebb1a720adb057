/**
 * Checks beside a scan in place that every record is plain, and looks in some columns for odd
 * values (formats/csv/odd-values.ts): by machine code in one pass, else by a thread for each.
 */
import { Worker } from 'node:worker_threads';
import { NairobiError } from '../../errors.ts';
import type { Watch } from '../../formats/csv/odd-values.ts';
import type { PlainRecords } from '../../formats/decoded.ts';
import { checkRecords, type RecordCheck, type RecordRules } from '../../kernel/records.ts';
import type { Fd } from '../../kernel/syscall.ts';
import { threadEntry } from '../../thread-entry.ts';
import type { CountAnswer, CountTask } from './count-worker.ts';
import { lookForOdd } from './odd.ts';

/** Checks the file behind `fd`, which has to stay open until both answers are there. */
export function checkFile(fd: Fd, size: number, records: PlainRecords, watch?: Watch): RecordCheck {
  const rules = rulesOf(records);
  const started = checkRecords(fd, size, rules, watch?.columns) ?? byThreads(fd, records, watch);
  // They are awaited when the work is done; until then a failure must not count as unhandled.
  started.plain.catch(() => undefined);
  started.found.catch(() => undefined);
  return started;
}

/** By the codes of their characters. */
export function rulesOf({ byte, delimiter, lineEnd, quote, fields }: PlainRecords): RecordRules {
  return {
    byte,
    delimiter: delimiter.charCodeAt(0),
    lineEnd: lineEnd.charCodeAt(0),
    quote: quote === '' ? -1 : quote.charCodeAt(0),
    fields,
  };
}

function byThreads(fd: Fd, records: PlainRecords, watch: Watch | undefined): RecordCheck {
  const counted = startThread({ fd, records });
  if (watch === undefined) return { ...counted, found: Promise.resolve(new Uint8Array()) };
  const look = lookForOdd({ fd, from: records.byte, watch });
  const stop = (): void => {
    counted.stop();
    look.stop();
  };
  return { plain: counted.plain, found: look.found, stop };
}

function startThread(task: CountTask): Pick<RecordCheck, 'plain' | 'stop'> {
  const entry = threadEntry('count', './count-worker.ts', import.meta.url);
  const worker = new Worker(entry, { workerData: task });
  const plain = new Promise<boolean>((resolve, reject) => {
    worker.once('message', (answer: CountAnswer) => resolve(answer.plain));
    worker.once('error', reject);
    worker.once('exit', () =>
      reject(new NairobiError('HOST', 'The thread that counts records ended without an answer')),
    );
  });
  return { plain, stop: () => void worker.terminate() };
}

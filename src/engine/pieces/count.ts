/** Checks beside a scan in place that every record is plain: by machine code, else by a thread. */
import { Worker } from 'node:worker_threads';
import { NairobiError } from '../../errors.ts';
import type { PlainRecords } from '../../formats/decoded.ts';
import { checkRecords, type RecordCheck } from '../../kernel/records.ts';
import type { Fd } from '../../kernel/syscall.ts';
import { threadEntry } from '../../thread-entry.ts';
import type { CountAnswer, CountTask } from './count-worker.ts';

/** Checks the file behind `fd`, which has to stay open until the answer is there. */
export function countRecords(fd: Fd, size: number, records: PlainRecords): RecordCheck {
  const { byte, delimiter, lineEnd, quote, fields } = records;
  const check = checkRecords(fd, size, {
    byte,
    delimiter: delimiter.charCodeAt(0),
    lineEnd: lineEnd.charCodeAt(0),
    quote: quote === '' ? -1 : quote.charCodeAt(0),
    fields,
  });
  const started = check ?? startThread({ fd, records });
  // It is awaited when the work is done; until then a failure must not count as unhandled.
  started.plain.catch(() => undefined);
  return started;
}

function startThread(task: CountTask): RecordCheck {
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

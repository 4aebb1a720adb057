/** One growing text file as batches of rows, and the state it leaves behind. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { NairobiError } from '../../errors.ts';
import {
  type Compression,
  DETECT_BYTES,
  detect,
  detectCompression,
  type FormatName,
  formatOfName,
} from '../../formats/detect.ts';
import { attempt } from '../commit/durable.ts';
import { fingerprintAt } from '../commit/fingerprint.ts';
import type { SourceState } from '../commit/record.ts';
import type { TextFormat } from './text-plan.ts';

/** A file by its name for people, and by what opens it. */
export interface Content {
  readonly path: string;
  readonly content: string;
}

/** The first bytes of a file: what it is. */
export function headOf({ path, content }: Content, length: number = DETECT_BYTES): Buffer {
  const fd = attempt('open', path, () => openSync(content, 'r'));
  try {
    const head = Buffer.alloc(length);
    let done = 0;
    while (done < length) {
      const count = attempt('read', path, () => readSync(fd, head, done, length - done, done));
      if (count === 0) break;
      done += count;
    }
    return head.subarray(0, done);
  } finally {
    closeSync(fd);
  }
}

export interface Kind {
  readonly format: FormatName;
  readonly compression: Compression | undefined;
}

/** What a file is by its first bytes; of a compressed one, by its name. */
export function kindOf(file: Content, wanted?: TextFormat): Kind {
  const { path } = file;
  const head = headOf(file);
  const compression = detectCompression(head);
  if (compression !== undefined) return { format: formatOfName(path) ?? 'csv', compression };
  // Line protocol is text that is refused where nobody said what it is.
  return { format: wanted === 'influx' ? 'csv' : detect(path, head), compression };
}

/** What is remembered of a file that was consumed to `offset`. */
export function stateOf(
  { path, content }: Content,
  consumed: { offset: number; lines: number; plan: unknown; done: boolean },
): SourceState {
  const fd = attempt('open', path, () => openSync(content, 'r'));
  try {
    const stat = fstatSync(fd, { bigint: true });
    const fingerprint = fingerprintAt(fd, consumed.offset, path);
    if (fingerprint === undefined) {
      throw new NairobiError('BAD_DATA', `${path} became shorter while it was read`, {
        where: { file: path },
        hint: 'nothing was committed: run it again, it will be read from its beginning',
      });
    }
    return {
      path,
      dev: String(stat.dev),
      ino: String(stat.ino),
      fingerprint,
      ...consumed,
      seenAt: new Date().toISOString(),
    };
  } finally {
    closeSync(fd);
  }
}

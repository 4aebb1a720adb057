/**
 * A command line answered by the daemon: the program sends what was typed and prints what comes
 * back. Loads nothing but Node's own net; what the daemon cannot do, the program does itself.
 */
import net from 'node:net';
import { NairobiError } from '../errors.ts';
import { FrameReader, frameOf } from './frames.ts';
import { PROTOCOL_VERSION } from './protocol.ts';
import { isTrusted } from './socket-path.ts';

export interface CommandLine {
  readonly command: string;
  readonly argv: readonly string[];
  readonly socket: string;
  readonly program: string;
  /** Writes a file whole or not at all. */
  readonly writeFile: (path: string, bytes: Uint8Array) => Promise<void>;
}

interface Printed {
  readonly exit: number;
  readonly stderr: string;
  readonly stdout: number;
  readonly files: readonly { readonly path: string; readonly bytes: number }[];
}

/** Of the environment, what the output of a command depends on. */
const ENVIRONMENT = ['NO_COLOR', 'SOURCE_DATE_EPOCH'] as const;

const FRAME_BYTES_MAX = 64 * 1024 * 1024;

/** True when the daemon did it and everything is printed; false when the program has to. */
export async function runVia(line: CommandLine): Promise<boolean> {
  if (!isTrusted(line.socket)) throw nobody(line.socket);
  const stream = net.connect(line.socket);
  try {
    return await answered(stream, line);
  } finally {
    stream.destroy();
  }
}

const nobody = (socket: string): NairobiError =>
  new NairobiError('HOST', `No daemon listens at ${socket}`, {
    hint: 'start one with "nairobi serve", or leave out --via',
    where: { file: socket },
  });

async function answered(stream: net.Socket, line: CommandLine): Promise<boolean> {
  const hello = { protocol: PROTOCOL_VERSION, program: line.program };
  const params = {
    command: line.command,
    argv: line.argv,
    cwd: process.cwd(),
    env: Object.fromEntries(
      ENVIRONMENT.flatMap((name) => {
        const value = process.env[name];
        return value === undefined ? [] : [[name, value]];
      }),
    ),
    terminal: process.stdout.isTTY
      ? { columns: process.stdout.columns, rows: process.stdout.rows }
      : {},
  };
  stream.write(
    Buffer.concat([
      frameOf(JSON.stringify({ hello })),
      frameOf(JSON.stringify({ id: 1, method: 'Command', params })),
    ]),
  );
  const frames = new FrameReader(FRAME_BYTES_MAX);
  let printed: Printed | undefined;
  let tail: Tail | undefined;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      let rest: Buffer = chunk;
      if (printed === undefined) {
        for (const body of frames.take(chunk)) {
          const frame = JSON.parse(body.toString('utf8')) as Frame;
          if ('hello' in frame) continue;
          if ('error' in frame || 'instead' in frame.result) return false;
          printed = frame.result;
          // The frame is the last one: what follows it is the tail.
          rest = frames.rest();
          break;
        }
        if (printed === undefined) continue;
        process.stderr.write(printed.stderr);
        tail = new Tail(printed, line.writeFile);
      }
      if ((await tail?.take(rest)) !== false) return end(printed);
    }
  } catch (error) {
    // Nothing is printed yet: the program does it itself.
    if (printed === undefined && !(error instanceof NairobiError)) return gone(line, error);
    throw error;
  }
  if (printed === undefined) return false;
  throw new NairobiError('IO', 'The daemon ended before it had answered');
}

type Frame = { readonly hello: object } | { readonly error: object } | { readonly result: Answer };
type Answer = Printed | { readonly instead: string };

function gone({ socket }: CommandLine, error: unknown): false {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ECONNREFUSED' || code === 'ENOENT') throw nobody(socket);
  return false;
}

function end({ exit }: Printed): true {
  process.exitCode = exit;
  return true;
}

/** The bytes behind the answer: those of the files, then those of stdout. */
class Tail {
  readonly #files: { readonly path: string; readonly bytes: number }[];
  readonly #writeFile: CommandLine['writeFile'];
  #held: Buffer[] = [];
  #heldBytes = 0;
  #left: number;

  constructor({ files, stdout }: Printed, writeFile: CommandLine['writeFile']) {
    this.#writeFile = writeFile;
    this.#files = [...files];
    this.#left = stdout;
  }

  /** False while more is to come. */
  async take(bytes: Buffer): Promise<boolean> {
    let rest = bytes;
    for (let file = this.#files[0]; file !== undefined; file = this.#files[0]) {
      const part = rest.subarray(0, file.bytes - this.#heldBytes);
      this.#held.push(Buffer.from(part));
      this.#heldBytes += part.length;
      rest = rest.subarray(part.length);
      if (this.#heldBytes < file.bytes) return false;
      await this.#writeFile(file.path, Buffer.concat(this.#held));
      this.#files.shift();
      [this.#held, this.#heldBytes] = [[], 0];
    }
    if (rest.length > 0) process.stdout.write(rest);
    this.#left -= rest.length;
    return this.#left <= 0;
  }
}

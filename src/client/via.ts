/**
 * A command line answered by the daemon: the program sends what was typed and prints what comes
 * back. Loads nothing but Node's own net; what the daemon cannot do, the program does itself.
 */
import { statSync } from 'node:fs';
import net from 'node:net';
import { NairobiError } from '../errors.ts';
import { FrameReader, frameOf } from './frames.ts';
import { COMMAND_ENVIRONMENT, PROTOCOL_VERSION } from './protocol.ts';
import { isTrusted } from './socket-path.ts';

export interface CommandLine {
  readonly command: string;
  readonly argv: readonly string[];
  readonly socket: string;
  /** Named by the user: that nobody answers there is an error. */
  readonly isWished: boolean;
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

const FRAME_BYTES_MAX = 64 * 1024 * 1024;

/**
 * So long a daemon may take to say hello: one that systemd starts needs a second, and one that was
 * stopped never does.
 */
const HELLO_MS = { auto: 3_000, wished: 30_000 };

/** True when the daemon did it and everything is printed; false when the program has to. */
export async function runVia(line: CommandLine): Promise<boolean> {
  if (!isTrusted(line.socket)) return nobody(line, 'No daemon listens');
  const asked = request(line);
  if (asked === undefined) return false;
  const stream = net.connect(line.socket);
  const patience = setTimeout(
    () => stream.destroy(new Silence()),
    line.isWished ? HELLO_MS.wished : HELLO_MS.auto,
  );
  try {
    stream.write(asked);
    return await answered(stream, line, () => clearTimeout(patience));
  } finally {
    clearTimeout(patience);
    stream.destroy();
  }
}

/** The daemon did not say hello in time. */
class Silence extends Error {}

/** The program does it itself, unless the user said where. */
function nobody({ socket, isWished }: CommandLine, what: string): false {
  if (!isWished) return false;
  throw new NairobiError('HOST', `${what} at ${socket}`, {
    hint: 'start one with "nairobi serve", or leave out --via',
    where: { file: socket },
  });
}

/** Hello and the command line; undefined where the working directory is gone. */
function request(line: CommandLine): Buffer | undefined {
  const hello = { protocol: PROTOCOL_VERSION, program: line.program };
  try {
    const { dev, ino } = statSync('.', { bigint: true });
    const params = {
      command: line.command,
      argv: line.argv,
      cwd: process.cwd(),
      // The same name may be another place where the daemon is: a container, a sandbox.
      place: `${dev}:${ino}`,
      env: Object.fromEntries(
        COMMAND_ENVIRONMENT.flatMap((name) => {
          const value = process.env[name];
          return value === undefined ? [] : [[name, value]];
        }),
      ),
      terminal: process.stdout.isTTY
        ? { columns: process.stdout.columns, rows: process.stdout.rows }
        : {},
    };
    return Buffer.concat([
      frameOf(JSON.stringify({ hello })),
      frameOf(JSON.stringify({ id: 1, method: 'Command', params })),
    ]);
  } catch {
    return undefined;
  }
}

async function answered(
  stream: net.Socket,
  line: CommandLine,
  onHello: () => void,
): Promise<boolean> {
  const frames = new FrameReader(FRAME_BYTES_MAX);
  let printed: Printed | undefined;
  let tail: Tail | undefined;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      let rest: Buffer = chunk;
      if (printed === undefined) {
        for (const body of frames.take(chunk)) {
          const frame = JSON.parse(body.toString('utf8')) as Frame;
          if ('hello' in frame) {
            onHello();
            // Another version may print something else.
            if (frame.hello.program !== line.program) return false;
            continue;
          }
          if ('error' in frame || 'instead' in frame.result) return false;
          printed = frame.result;
          // The frame is the last one: what follows it is the tail.
          rest = frames.rest();
          break;
        }
        if (printed === undefined) continue;
        await print('stderr', printed.stderr);
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

type Frame =
  | { readonly hello: { readonly program?: unknown } }
  | { readonly error: object }
  | { readonly result: Answer };
type Answer = Printed | { readonly instead: string };

function gone(line: CommandLine, error: unknown): false {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ECONNREFUSED' || code === 'ENOENT') return nobody(line, 'No daemon listens');
  return error instanceof Silence && nobody(line, 'No daemon answers');
}

function end({ exit }: Printed): true {
  process.exitCode = exit;
  return true;
}

/** Waits until it is taken; false where nobody reads it any more. */
function print(where: 'stdout' | 'stderr', what: string | Uint8Array): Promise<boolean> {
  if (what.length === 0) return Promise.resolve(true);
  const to = process[where];
  if (to.listenerCount('error') === 0) to.on('error', () => undefined);
  return new Promise((resolve, reject) => {
    to.write(what, (error) => {
      if (error == null) resolve(true);
      else if ((error as NodeJS.ErrnoException).code === 'EPIPE') resolve(false);
      else reject(error);
    });
  });
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
    this.#left -= rest.length;
    // Who reads no more (`| head`) ends it quietly.
    return !(await print('stdout', rest)) || this.#left <= 0;
  }
}

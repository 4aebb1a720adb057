/** Whatever was thrown, as stderr and the exit code tell it. */
import { type ErrorCode, formatWhere, messageOf, NairobiError } from '../errors.ts';
import { shortOf } from '../formats/short.ts';

/** Prints `thrown` and sets process.exitCode. A reader that went away (EPIPE) is no failure. */
export function reportFailure(thrown: unknown, how: { json: boolean; id: string }): void {
  if (systemCode(thrown) === 'EPIPE') {
    process.exitCode = 0;
    return;
  }
  const error = asExpected(thrown, how.id);
  const exit = error?.exitCode ?? 1;
  process.exitCode = exit;
  if (how.json) {
    const told = error?.toJSON() ?? { code: 'BUG', message: messageOf(thrown) };
    process.stderr.write(`${JSON.stringify({ error: { ...told, exit } })}\n`);
  } else {
    process.stderr.write(error === undefined ? formatBug(thrown) : formatError(error));
  }
  if (process.env['NAIROBI_DEBUG'] === '1') printStacks(thrown);
}

/** An expected failure as stderr gets it. */
export function failureText(error: NairobiError, json: boolean): string {
  if (!json) return formatError(error);
  return `${JSON.stringify({ error: { ...error.toJSON(), exit: error.exitCode } })}\n`;
}

/** "nairobi: what", then where and what to do, each on its own line. */
export function formatError(error: NairobiError): string {
  const where = formatWhere(error.where);
  return [
    `nairobi: ${error.message}\n`,
    where === '' ? '' : `  at ${where}\n`,
    error.hint === undefined ? '' : `  hint: ${error.hint}\n`,
  ].join('');
}

function formatBug(thrown: unknown): string {
  const message = messageOf(thrown).split('\n', 1)[0];
  return (
    `nairobi: this is a bug in nairobi, not in your data: ${message}\n` +
    '  hint: set NAIROBI_DEBUG=1 for the stack, and report it with the command you ran\n'
  );
}

function printStacks(thrown: unknown): void {
  for (let error = thrown; error instanceof Error; error = error.cause) {
    process.stderr.write(`${error.stack}\n`);
  }
}

/** The expected failure in `thrown`; undefined when it is a bug. */
function asExpected(thrown: unknown, id: string): NairobiError | undefined {
  if (thrown instanceof NairobiError) return withoutParserWords(thrown);
  if (!(thrown instanceof Error)) return undefined;
  // What closing threw on the way out says less than what went wrong before.
  if ('suppressed' in thrown) return asExpected(thrown.suppressed, id);
  if ('oclif' in thrown) return fromParser(thrown, id);
  return shortOf(thrown) ?? fromSystem(thrown);
}

/** oclif frames what a flag's parse threw in lines of its own, by changing the message. */
function withoutParserWords(error: NairobiError): NairobiError {
  if (error.code === 'USAGE') error.message = plainParserMessage(error.message);
  return error;
}

function plainParserMessage(message: string): string {
  return message
    .replace(/^The following errors? occurred:\s+/, '')
    .replace(/\n?See more help with --help$/, '')
    .replace(/\n\nNote: .*$/s, '')
    .replace(/^Parsing (--\S+)\s+/, '$1: ')
    .trim()
    .replaceAll('\n', '\n  ');
}

/** oclif's parser throws its CLIError for what a person typed wrong. */
function fromParser(error: Error, id: string): NairobiError {
  const message = plainParserMessage(error.message);
  const hint = `see "nairobi ${id} --help"`;
  return new NairobiError('USAGE', message, { hint, cause: error });
}

const SYSTEM_CODES = {
  ENOENT: 'NOT_FOUND',
  ENOTDIR: 'NOT_FOUND',
  EACCES: 'NOT_READABLE',
  EPERM: 'NOT_READABLE',
  EISDIR: 'NOT_READABLE',
  ENOSPC: 'IO',
  EDQUOT: 'IO',
  EROFS: 'IO',
  EIO: 'IO',
  EMFILE: 'HOST',
  ENFILE: 'HOST',
  ENOMEM: 'HOST',
} as const;

/** A system call that Node made and nobody explained better. */
function fromSystem(error: NodeJS.ErrnoException): NairobiError | undefined {
  const { path, syscall } = error;
  const code = systemErrorCode(error);
  if (code === undefined) return undefined;
  if (error.code === 'ENOENT' && path?.startsWith('/proc/self/') === true) {
    return new NairobiError('HOST', 'There is no /proc, which every command reads', {
      hint: 'mount it: mount -t proc proc /proc',
      where: { file: path },
      cause: error,
    });
  }
  // Results in files are written by those who know their names: this is standard output.
  if (
    syscall === 'write' &&
    path === undefined &&
    (error.code === 'ENOSPC' || error.code === 'EDQUOT')
  ) {
    return new NairobiError('IO', `Cannot write the output: ${error.message}`, {
      hint: 'the disk is full: make room, or write elsewhere',
      cause: error,
    });
  }
  // fs.rm of Node 24 leaves the code empty and begins its message with ", Unknown error: ".
  return new NairobiError(code, error.message.replace(/^, Unknown error: /, ''), {
    cause: error,
    ...(path === undefined ? {} : { where: { file: path } }),
  });
}

function systemErrorCode({ code, syscall }: NodeJS.ErrnoException): ErrorCode | undefined {
  if (code === '' && syscall !== undefined) return 'IO';
  if (code === undefined || !Object.hasOwn(SYSTEM_CODES, code)) return undefined;
  return SYSTEM_CODES[code as keyof typeof SYSTEM_CODES];
}

function systemCode(thrown: unknown): string | undefined {
  return thrown instanceof Error ? (thrown as NodeJS.ErrnoException).code : undefined;
}

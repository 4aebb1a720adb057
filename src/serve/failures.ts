/** What was thrown, as the protocol tells it: the codes of the command line. */
import type { ProtocolError } from '../client/protocol.ts';
import { messageOf, NairobiError } from '../errors.ts';

/** A bug of ours is told as IO, in one line; its stack goes to the daemon's log. */
export function protocolError(thrown: unknown): ProtocolError {
  if (thrown instanceof NairobiError) return { ...thrown.toJSON(), exit: thrown.exitCode };
  const [line = ''] = messageOf(thrown).split('\n');
  return {
    code: 'IO',
    message: `This is a bug in nairobi, not in your data: ${line}`,
    hint: 'report it with what you asked; the log of the daemon has more',
    exit: 1,
  };
}

export const isBug = (thrown: unknown): boolean => !(thrown instanceof NairobiError);

/** The other way: what a worker told, as it was thrown. */
export const thrownOf = (error: ProtocolError): NairobiError =>
  new NairobiError(error.code, error.message, error);

/** Where the daemon of this user listens. */
import { lstatSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { NairobiError } from '../errors.ts';

/**
 * $NAIROBI_SOCKET, else below $XDG_RUNTIME_DIR, else /run/nairobi for root, else a folder of the
 * user's own below /tmp that nobody else may look into.
 */
export function socketPath(env: NodeJS.ProcessEnv = process.env, uid = userId()): string {
  const { NAIROBI_SOCKET, XDG_RUNTIME_DIR } = env;
  if (NAIROBI_SOCKET) return NAIROBI_SOCKET;
  if (XDG_RUNTIME_DIR?.startsWith('/')) return path.join(XDG_RUNTIME_DIR, 'nairobi/socket');
  return uid === 0 ? '/run/nairobi/socket' : `/tmp/nairobi-${uid}/socket`;
}

const userId = (): number => process.getuid?.() ?? -1;

/** Makes the folder of `socket`, private; HOST when somebody else owns it or may write to it. */
export function prepareSocketFolder(socket: string): void {
  const folder = path.dirname(socket);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const found = lstatSync(folder);
  const isOurs = found.uid === userId() || found.uid === 0;
  if (found.isDirectory() && isOurs && isPrivate(found.mode)) return;
  throw new NairobiError('HOST', `The folder ${folder} is not ours alone`, {
    hint: `others could put a socket of theirs there: chmod go-w ${folder}, or pass --socket`,
    where: { file: folder },
  });
}

/** A sticky folder (/tmp) is writable by all, and yet nobody may replace what is ours in it. */
const isPrivate = (mode: number): boolean => (mode & 0o022) === 0 || (mode & 0o1000) !== 0;

/** True when nobody else can have put the socket there: checked by who connects. */
export function isTrusted(socket: string): boolean {
  try {
    const { uid } = lstatSync(socket);
    return uid === userId() || uid === 0;
  } catch {
    return false;
  }
}

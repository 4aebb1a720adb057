/** Connects to a D-Bus bus and authenticates, as every client does first. */
import { connect } from 'node:net';
import { type Attempt, OK } from '../../../host/observed.ts';

/** Enough for a local daemon; a bus that is slower than this is not one to depend on. */
const PATIENCE_MS = 150;

/** Where the bus listens: the address of the environment, else the well-known one. */
export function busPath(kind: 'system' | 'session', env: NodeJS.ProcessEnv): string | undefined {
  const named = env[kind === 'system' ? 'DBUS_SYSTEM_BUS_ADDRESS' : 'DBUS_SESSION_BUS_ADDRESS'];
  const match = /unix:(path|abstract)=([^,;]+)/.exec(named ?? '');
  if (match !== null) return match[1] === 'abstract' ? `\0${match[2]}` : match[2];
  if (kind === 'system') return '/run/dbus/system_bus_socket';
  const runtime = env['XDG_RUNTIME_DIR'];
  return runtime === undefined ? undefined : `${runtime}/bus`;
}

export function tryBus(kind: 'system' | 'session'): Promise<Attempt> {
  const path = busPath(kind, process.env);
  if (path === undefined) {
    return Promise.resolve({ outcome: 'failed', message: 'DBUS_SESSION_BUS_ADDRESS is not set' });
  }
  return new Promise((resolve) => {
    const socket = connect({ path });
    const end = (attempt: Attempt): void => {
      socket.destroy();
      resolve(attempt);
    };
    socket.setTimeout(PATIENCE_MS, () => end({ outcome: 'timeout' }));
    socket.on('error', (error: NodeJS.ErrnoException) =>
      end({ outcome: 'refused', errno: error.code ?? error.message }),
    );
    socket.on('connect', () => {
      const uid = Buffer.from(String(process.getuid?.() ?? 0)).toString('hex');
      socket.write(`\0AUTH EXTERNAL ${uid}\r\n`);
    });
    socket.on('data', (data) => {
      const answer = data.toString('latin1').trim();
      end(answer.startsWith('OK') ? OK : { outcome: 'failed', message: answer });
    });
  });
}

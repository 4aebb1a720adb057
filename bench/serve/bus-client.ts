/**
 * A bus of our own for measurements, and a client of it that blocks: libsystemd's sd_bus_call, as
 * a program in C would use it.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import koffi from 'koffi';

export const NAME = 'org.nairobi.Refinery1';
export const PATH = '/org/nairobi/Refinery1';
const EINTR = 4;
const CALL_MICROSECONDS = 600_000_000;

export async function withBus<T>(work: (address: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'nairobi-bus-'));
  const place = path.join(folder, 'bus.conf');
  writeFileSync(
    place,
    '<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">\n' +
      `<busconfig><type>session</type><listen>unix:path=${folder}/bus</listen>` +
      '<policy context="default"><allow send_destination="*" eavesdrop="true"/>' +
      '<allow eavesdrop="true"/><allow own="*"/></policy></busconfig>\n',
  );
  const words = ['--fork', '--print-address=1', '--print-pid=1', '--config-file', place];
  const said = execFileSync('dbus-daemon', words).toString().trim().split('\n');
  try {
    return await work(said[0] ?? '');
  } finally {
    process.kill(Number(said[1]));
    rmSync(folder, { recursive: true, force: true });
  }
}

const lib = koffi.load('libsystemd.so.0');
const bind = (name: string, args: readonly string[]) => lib.func(name, 'int', [...args]);
const P = 'void *';
const calls = {
  create: bind('sd_bus_new', [P]),
  address: bind('sd_bus_set_address', [P, 'str']),
  isClient: bind('sd_bus_set_bus_client', [P, 'int']),
  start: bind('sd_bus_start', [P]),
  message: bind('sd_bus_message_new_method_call', [P, P, 'str', 'str', 'str', 'str']),
  append: bind('sd_bus_message_append_basic', [P, 'char', P]),
  call: bind('sd_bus_call', [P, P, 'uint64', P, P]),
  read: bind('sd_bus_message_read_basic', [P, 'char', P]),
  unref: lib.func('sd_bus_message_unref', P, [P]),
};
const TEXT = 's'.charCodeAt(0);

export class BusClient {
  readonly #bus: bigint;
  /** How long libsystemd took over the last call, from the written message to the read answer. */
  lastCallMs = 0;

  constructor(address: string) {
    const slot = new BigUint64Array(1);
    done(calls.create(slot), 'make a connection');
    this.#bus = slot[0] ?? 0n;
    done(calls.address(this.#bus, address), 'name the bus');
    done(calls.isClient(this.#bus, 1), 'be a client');
    done(calls.start(this.#bus), 'connect');
  }

  /** The answer of a method of ours, as text. */
  call(method: string, params: string): string {
    const reply = this.#call(NAME, method, params);
    const slot = new BigUint64Array(1);
    done(calls.read(reply, TEXT, slot), 'read the answer');
    const text = koffi.decode(slot, 'char *') as string;
    calls.unref(reply);
    return text;
  }

  /** What libsystemd answers in the daemon before any code of ours hears of it. */
  ping(): void {
    calls.unref(this.#call('org.freedesktop.DBus.Peer', 'Ping'));
  }

  #call(interfaceName: string, method: string, text?: string): bigint {
    const slot = new BigUint64Array(1);
    done(calls.message(this.#bus, slot, NAME, PATH, interfaceName, method), 'begin a call');
    const message = slot[0] ?? 0n;
    if (text !== undefined) {
      done(calls.append(message, TEXT, Buffer.from(`${text}\0`)), 'write a call');
    }
    const start = performance.now();
    const result = calls.call(this.#bus, message, CALL_MICROSECONDS, null, slot);
    this.lastCallMs = performance.now() - start;
    calls.unref(message);
    // A signal of the runtime's own came in between.
    if (result === -EINTR) return this.#call(interfaceName, method, text);
    done(result, `call ${method}`);
    return slot[0] ?? 0n;
  }
}

function done(result: number, doing: string): void {
  if (result < 0) throw new Error(`Cannot ${doing}: errno ${-result}`);
}

/** A D-Bus of a test's own, and the wire protocol as far as a caller needs it. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

export const NAME = 'org.nairobi.Refinery1';
export const OBJECT = '/org/nairobi/Refinery1';

/** A bus in `folder`, on which `service` is started when it is called. */
export function startBus(folder: string, service?: string): { address: string; pid: number } {
  const services = path.join(folder, 'services');
  mkdirSync(services, { recursive: true });
  if (service !== undefined) writeFileSync(path.join(services, `${NAME}.service`), service);
  const policy =
    '<allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/>';
  writeFileSync(
    path.join(folder, 'bus.conf'),
    `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:path=${folder}/bus</listen>
<servicedir>${services}</servicedir><policy context="default">${policy}</policy></busconfig>`,
  );
  const words = ['--fork', '--print-address=1', '--print-pid=1', '--config-file'];
  const said = execFileSync('dbus-daemon', [...words, path.join(folder, 'bus.conf')]).toString();
  const [address = '', pid = ''] = said.trim().split('\n');
  return { address, pid: Number(pid) };
}

/** The opening of a connection: who we are, and that we begin. */
export function authentication(uid: number): string {
  const identity = Buffer.from(String(uid)).toString('hex');
  return `\0AUTH EXTERNAL ${identity}\r\nBEGIN\r\n`;
}

export interface WireCall {
  readonly serial: number;
  readonly destination: string;
  readonly path: string;
  readonly interface: string;
  readonly member: string;
  /** Arguments: texts are of type s, numbers of type i. */
  readonly args: readonly (string | number)[];
}

/** A METHOD_CALL, little-endian: https://dbus.freedesktop.org/doc/dbus-specification.html */
export function marshal(call: WireCall): Buffer {
  const body = new Writer();
  for (const arg of call.args) {
    if (typeof arg === 'string') body.text(arg);
    else body.u32(arg >>> 0);
  }
  const signature = call.args.map((arg) => (typeof arg === 'string' ? 's' : 'i')).join('');
  const head = new Writer();
  head.bytes(Buffer.from('l'), Buffer.from([1, 0, 1]));
  head.u32(body.length);
  head.u32(call.serial);
  const fields = new Writer();
  const named = [
    [1, 'o', call.path],
    [2, 's', call.interface],
    [3, 's', call.member],
    [6, 's', call.destination],
  ] as const;
  for (const [code, type, text] of named) {
    fields.align(8);
    fields.bytes(Buffer.from([code, 1]), Buffer.from(`${type}\0`));
    fields.text(text);
  }
  if (signature !== '') {
    fields.align(8);
    fields.bytes(Buffer.from([8, 1]), Buffer.from('g\0'));
    fields.bytes(Buffer.from([signature.length]), Buffer.from(`${signature}\0`));
  }
  head.u32(fields.length);
  head.bytes(fields.all());
  head.align(8);
  return Buffer.concat([head.all(), body.all()]);
}

class Writer {
  readonly #pieces: Buffer[] = [];
  length = 0;

  bytes(...all: readonly Buffer[]): void {
    for (const each of all) {
      this.#pieces.push(each);
      this.length += each.length;
    }
  }

  align(to: number): void {
    this.bytes(Buffer.alloc((to - (this.length % to)) % to));
  }

  u32(value: number): void {
    this.align(4);
    const four = Buffer.alloc(4);
    four.writeUInt32LE(value);
    this.bytes(four);
  }

  text(value: string): void {
    const bytes = Buffer.from(`${value}\0`);
    this.u32(bytes.length - 1);
    this.bytes(bytes);
  }

  all(): Buffer {
    return Buffer.concat(this.#pieces);
  }
}

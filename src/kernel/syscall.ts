/**
 * The one place that knows koffi: raw system calls, views of raw memory and readiness of a file
 * descriptor. koffi is loaded by the first call (about 8 ms), never by importing this module.
 */
import { createRequire } from 'node:module';
import type Koffi from 'koffi';
import { messageOf, NairobiError } from '../errors.ts';

declare const brand: unique symbol;

/** An open file descriptor. */
export type Fd = number & { readonly [brand]: 'fd' };
/** The address of a byte in this process. */
export type Address = bigint;

export type Argument = number | bigint;

/** A system call: its number and up to six arguments; answers a value >= 0, or -errno. */
export type Syscall = (number: number, ...args: readonly Argument[]) => number;

type KoffiModule = typeof Koffi;
type SevenLongs = (
  n: Argument,
  a: Argument,
  b: Argument,
  c: Argument,
  d: Argument,
  e: Argument,
  f: Argument,
) => number;

let koffi: KoffiModule | undefined;

/** koffi itself, loaded on first use, for the other bindings of this room (gl.ts). */
export function koffiModule(): KoffiModule {
  return load();
}

function load(): KoffiModule {
  if (koffi !== undefined) return koffi;
  if (process.platform !== 'linux') {
    throw new NairobiError('HOST', `nairobi runs on Linux; this is ${process.platform}`);
  }
  try {
    koffi = createRequire(import.meta.url)('koffi') as KoffiModule;
  } catch (cause) {
    throw new NairobiError('HOST', `Cannot load koffi: ${messageOf(cause)}`, {
      cause,
      hint: 'run "npm install" again on this machine: koffi brings one binary per platform',
    });
  }
  return koffi;
}

/** Binds syscall(2) of the C library. An address (< 2^53 in user space) is an exact number. */
function bind(): Syscall {
  const module = load();
  const long = 'int64';
  const raw = module
    .load(null)
    .func('syscall', long, [long, long, long, long, long, long, long]) as unknown as SevenLongs;
  return (number, a = 0, b = 0, c = 0, d = 0, e = 0, f = 0) => {
    const result = raw(number, a, b, c, d, e, f);
    return result === -1 ? -module.errno() : result;
  };
}

/**
 * A function of the C library that is more than a system call: three arguments, an int. sigaction
 * is one, since the library adds the return trampoline the kernel wants on x86-64.
 */
export function callLibc(
  name: 'sigaction' | 'mallopt' | 'malloc_trim',
  a: Argument,
  b: Argument,
  c: Argument = 0,
): number {
  const raw = load().load(null).func(name, 'int', ['int64', 'int64', 'int64']);
  return raw(a, b, c) as number;
}

let aside:
  | Callable<[Argument, Argument, Argument, Argument, Argument, Argument, Argument]>
  | undefined;

/** A system call that may block, on a thread of libuv's pool; nobody is told how it ended. */
export function syscallAside(number: number, args: readonly Argument[], done: () => void): void {
  const long = 'int64';
  aside ??= load()
    .load(null)
    .func('syscall', long, [long, long, long, long, long, long, long]) as unknown as typeof aside;
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = args;
  aside?.async(number, a, b, c, d, e, f, done);
}

let current: Syscall | undefined;

/** Performs a system call: a value >= 0, or -errno. Never throws for an errno. */
export const syscall: Syscall = (number, ...args) => {
  current ??= bind();
  return current(number, ...args);
};

/**
 * For tests of faults: every system call goes through `wrap(real)` until the result is disposed.
 * Nothing in the program itself calls this.
 */
export function interpose(wrap: (real: Syscall) => Syscall): Disposable {
  current ??= bind();
  const before = current;
  current = wrap(before);
  return {
    [Symbol.dispose](): void {
      current = before;
    },
  };
}

/** The bytes at an address, in place. The caller sees to it that they stay mapped. */
export function viewOf(address: Address, byteLength: number): ArrayBuffer {
  return load().view(address, byteLength);
}

/** The last view lent to the kernel: the assignment after the call keeps it alive during it. */
let lent: NodeJS.ArrayBufferView | undefined;

/**
 * Calls with the address of the first byte of `view`. V8 does not move the bytes of a view, but it
 * may free them once nothing refers to the view: it is referred to until the call is over.
 */
export function lend<T>(view: NodeJS.ArrayBufferView, call: (address: Address) => T): T {
  const result = call(BigInt(load().address(view)));
  lent = view;
  return result;
}

/** True while `view` is what was lent last; tests use it. */
export const wasLent = (view: NodeJS.ArrayBufferView): boolean => lent === view;

/** The address of the first byte of `view`, which the caller keeps referred to while it is used. */
export const addressOf = (view: NodeJS.ArrayBufferView): Address => BigInt(load().address(view));

/** Machine code of ours, called with the address of what it works on; answers an int. */
export interface NativeCode {
  call(argument: Address): number;
  /** On a thread of libuv's pool. */
  callAsync(argument: Address): Promise<number>;
}

/** The function whose code begins at `address`, which must stay mapped. */
export function nativeCode(address: Address): NativeCode {
  const module = load();
  const call = module.decode(address, module.proto('int', ['int64'])) as Callable<[Address]>;
  return {
    call,
    callAsync: (argument) =>
      new Promise((resolve, reject) => {
        call.async(argument, (error, result) => {
          if (error === null) resolve(result);
          else reject(error);
        });
      }),
  };
}

interface Callable<Arguments extends readonly unknown[]> {
  (...args: Arguments): number;
  readonly async: (...args: [...Arguments, (error: Error | null, result: number) => void]) => void;
}

export interface Polling {
  stop(): void;
}

/**
 * Calls back on the event loop each time `fd` is readable. A DEFER_TASKRUN ring's own descriptor
 * never becomes readable (measured on 6.18): poll a registered eventfd instead.
 */
export function pollReadable(fd: Fd, callback: () => void): Polling {
  const handle = load().node.poll(fd, { readable: true }, callback);
  return {
    stop(): void {
      handle.stop();
      handle.close();
    },
  };
}

export interface SocketPolling extends Polling {
  change(events: { readable: boolean; writable: boolean }): void;
  unref(): void;
  ref(): void;
}

/** How koffi calls back: libuv's status, 0 or -errno. */
type OnPoll = (status: number) => void;

/**
 * The same for a socket, where what is waited for may change; a peer that is gone is readable.
 * `isLast`: the event loop saw an error and waits no more.
 */
export function pollSocket(
  fd: Fd,
  events: { readable: boolean; writable: boolean },
  callback: (isLast: boolean) => void,
): SocketPolling {
  const onPoll: OnPoll = (status) => callback(status < 0);
  const heard = onPoll as never; // koffi declares the second argument it gives as the first
  const handle = load().node.poll(fd, events, heard);
  return {
    change: (next) => handle.start(next, heard),
    unref: () => handle.unref(),
    ref: () => handle.ref(),
    stop(): void {
      handle.stop();
      handle.close();
    },
  };
}

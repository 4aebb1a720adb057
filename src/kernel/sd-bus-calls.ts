/** The prototypes of libsystemd's sd-bus that a service needs, see sd-bus(3). */
import { messageOf, NairobiError } from '../errors.ts';
import { checked } from './errno.ts';
import { koffiModule } from './syscall.ts';

/** A pointer to an object of the library. */
export type Handle = bigint;
type Native = (...args: readonly unknown[]) => unknown;

const CALLS = {
  sd_bus_open_user: ['int', ['void *']],
  sd_bus_open_system: ['int', ['void *']],
  sd_bus_request_name: ['int', ['void *', 'str', 'uint64']],
  sd_bus_add_match: ['int', ['void *', 'void *', 'str', 'void *', 'void *']],
  sd_bus_get_fd: ['int', ['void *']],
  sd_bus_get_events: ['int', ['void *']],
  sd_bus_process: ['int', ['void *', 'void *']],
  sd_bus_send: ['int', ['void *', 'void *', 'void *']],
  sd_bus_flush_close_unref: ['void *', ['void *']],
  sd_bus_message_unref: ['void *', ['void *']],
  sd_bus_message_get_type: ['int', ['void *', 'void *']],
  sd_bus_message_get_cookie: ['int', ['void *', 'void *']],
  sd_bus_message_get_path: ['str', ['void *']],
  sd_bus_message_get_interface: ['str', ['void *']],
  sd_bus_message_get_member: ['str', ['void *']],
  sd_bus_message_get_sender: ['str', ['void *']],
  sd_bus_message_get_signature: ['str', ['void *', 'int']],
  sd_bus_message_read_basic: ['int', ['void *', 'char', 'void *']],
  sd_bus_message_new_method_call: ['int', ['void *', 'void *', 'str', 'str', 'str', 'str']],
  sd_bus_message_set_expect_reply: ['int', ['void *', 'int']],
  sd_bus_message_new_method_return: ['int', ['void *', 'void *']],
  sd_bus_message_new_method_error: ['int', ['void *', 'void *', 'void *']],
  sd_bus_message_append_basic: ['int', ['void *', 'char', 'void *']],
  sd_bus_message_open_container: ['int', ['void *', 'char', 'str']],
  sd_bus_message_close_container: ['int', ['void *']],
  sd_bus_query_sender_creds: ['int', ['void *', 'uint64', 'void *']],
  sd_bus_creds_get_euid: ['int', ['void *', 'void *']],
  sd_bus_creds_get_pid: ['int', ['void *', 'void *']],
  sd_bus_creds_unref: ['void *', ['void *']],
} as const satisfies Record<string, readonly [string, readonly string[]]>;

export type BusCalls = { readonly [Name in keyof typeof CALLS]: Native };

let bound: BusCalls | undefined;

/** HOST where the library is missing. */
export function busCalls(): BusCalls {
  if (bound !== undefined) return bound;
  const koffi = koffiModule();
  try {
    const library = koffi.load('libsystemd.so.0', { deep: true });
    const entries = Object.entries(CALLS).map(([name, [result, args]]) => [
      name,
      library.func(name, result, [...args]),
    ]);
    bound = Object.fromEntries(entries) as BusCalls;
    return bound;
  } catch (cause) {
    throw new NairobiError('HOST', `D-Bus needs libsystemd: ${messageOf(cause)}`, {
      cause,
      hint: 'install libsystemd0 (systemd-libs), or serve without --bus',
    });
  }
}

/** The pointer a call writes; throws what the call answers. */
export function outOf(call: (at: BigUint64Array) => unknown, doing: string): Handle {
  const slot = new BigUint64Array(1);
  checked(call(slot) as number, doing);
  return slot[0] ?? 0n;
}

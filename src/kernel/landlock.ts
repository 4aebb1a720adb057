/**
 * What a process can never do again, whatever runs in it: landlock(7), for any user, from kernel
 * 5.13. It holds for the calling thread and the threads it starts from then on.
 */
import { close } from './calls.ts';
import { OPEN, SYS } from './constants.ts';
import { lend, syscall } from './syscall.ts';

const CREATE_RULESET_VERSION = 1;
const RULE_PATH_BENEATH = 1;
const PR_SET_NO_NEW_PRIVS = 38;

/** LANDLOCK_ACCESS_FS_*, with the version of the interface that knows it. */
const FS = {
  EXECUTE: { bit: 1n << 0n, since: 1 },
  WRITE_FILE: { bit: 1n << 1n, since: 1 },
  REMOVE_DIR: { bit: 1n << 4n, since: 1 },
  REMOVE_FILE: { bit: 1n << 5n, since: 1 },
  MAKE_CHAR: { bit: 1n << 6n, since: 1 },
  MAKE_DIR: { bit: 1n << 7n, since: 1 },
  MAKE_REG: { bit: 1n << 8n, since: 1 },
  MAKE_SOCK: { bit: 1n << 9n, since: 1 },
  MAKE_FIFO: { bit: 1n << 10n, since: 1 },
  MAKE_BLOCK: { bit: 1n << 11n, since: 1 },
  MAKE_SYM: { bit: 1n << 12n, since: 1 },
  REFER: { bit: 1n << 13n, since: 2 },
  TRUNCATE: { bit: 1n << 14n, since: 3 },
  IOCTL_DEV: { bit: 1n << 15n, since: 5 },
} as const;

/** BIND_TCP and CONNECT_TCP. */
const NET = { bits: 0b11n, since: 4 } as const;
/** LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET. */
const SCOPE = { bits: 0b1n, since: 6 } as const;

/** struct landlock_ruleset_attr: files, then the network (4), then scopes (6). */
const ATTRIBUTE_BYTES = [
  [SCOPE.since, 24],
  [NET.since, 16],
  [1, 8],
] as const;

/**
 * From now on no file is written, made, renamed, removed or run, and no TCP connection is made or
 * taken, as far as this kernel can see to it; memory files and what is open already stay usable.
 * `devices` may be written to. The version of the interface, or 0 where there is none.
 */
export function confine(devices: readonly string[]): number {
  const version = syscall(SYS.landlock_create_ruleset, 0, 0, CREATE_RULESET_VERSION);
  if (version <= 0) return 0;
  const bytes = ATTRIBUTE_BYTES.find(([since]) => version >= since)?.[1] ?? 0;
  const handled = Object.values(FS).filter(({ since }) => version >= since);
  const attributes = BigUint64Array.of(
    handled.reduce((bits, { bit }) => bits | bit, 0n),
    NET.bits,
    SCOPE.bits,
  );
  const rules = lend(attributes, (at) => syscall(SYS.landlock_create_ruleset, at, bytes, 0));
  if (rules < 0) return 0;
  const writing = [FS.WRITE_FILE, FS.TRUNCATE, FS.IOCTL_DEV].filter((one) => handled.includes(one));
  for (const device of devices) {
    allow(
      rules,
      device,
      writing.reduce((bits, { bit }) => bits | bit, 0n),
    );
  }
  syscall(SYS.prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  const confined = syscall(SYS.landlock_restrict_self, rules, 0);
  close(rules as Parameters<typeof close>[0]);
  return confined < 0 ? 0 : version;
}

/** What is not there needs no rule. */
function allow(rules: number, path: string, access: bigint): void {
  const name = Buffer.from(`${path}\0`);
  const flags = OPEN.O_PATH | OPEN.O_CLOEXEC;
  const fd = lend(name, (at) => syscall(SYS.openat, OPEN.AT_FDCWD, at, flags));
  if (fd < 0) return;
  // struct landlock_path_beneath_attr, packed: what is allowed, and below which descriptor.
  const rule = Buffer.alloc(12);
  rule.writeBigUInt64LE(access, 0);
  rule.writeInt32LE(fd, 8);
  lend(rule, (at) => syscall(SYS.landlock_add_rule, rules, RULE_PATH_BENEATH, at, 0));
  close(fd as Parameters<typeof close>[0]);
}

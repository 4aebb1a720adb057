/**
 * seccomp-launch.ts ERRNO|kill|PROFILE.json PROGRAM ARGS...: runs PROGRAM under a seccomp filter,
 * as a container or a systemd unit does. An errno name refuses the three io_uring calls with it;
 * "kill" kills at the one of them that Node itself does not make at its start (under a filter that
 * kills io_uring_setup no Node starts); a profile in the format of Docker is obeyed.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { SYS } from '../../src/kernel/constants.ts';
import { ERRNO, type ErrnoName } from '../../src/kernel/errno.ts';
import { lend, syscall } from '../../src/kernel/syscall.ts';

const PR_SET_NO_NEW_PRIVS = 38;
const SECCOMP_SET_MODE_FILTER = 1;
const SECCOMP_FILTER_FLAG_TSYNC = 1;
const SECCOMP_RET_KILL_PROCESS = 0x80000000;
const SECCOMP_RET_ERRNO = 0x00050000;
const SECCOMP_RET_ALLOW = 0x7fff0000;
/** BPF_LD | BPF_W | BPF_ABS, BPF_JMP | BPF_JEQ | BPF_K, BPF_RET | BPF_K (linux/bpf_common.h). */
const [LOAD, JUMP_EQUAL, RETURN] = [0x20, 0x15, 0x06];

/** code, jump if true, jump if false, operand */
type Instruction = readonly [number, number, number, number];

/** The calls in `special` get `refusal`, the rest `other`. Offset 0 is the call's number. */
function filterOf(special: readonly number[], answer: number, other: number): Instruction[] {
  const tests = special.flatMap((call): Instruction[] => [
    [JUMP_EQUAL, 0, 1, call],
    [RETURN, 0, 0, answer],
  ]);
  return [[LOAD, 0, 0, 0], ...tests, [RETURN, 0, 0, other]];
}

/** Numbers by name, from the header of the machine's own architecture. */
function callNumbers(): ReadonlyMap<string, number> {
  const header = readFileSync(
    process.arch === 'x64'
      ? '/usr/include/x86_64-linux-gnu/asm/unistd_64.h'
      : '/usr/include/asm-generic/unistd.h',
    'utf8',
  );
  const defined = header.matchAll(/^#define __NR(?:3264)?_(\w+)\s+(\d+)$/gm);
  return new Map([...defined].map((match) => [match[1] ?? '', Number(match[2])]));
}

function filterOfProfile(path: string): Instruction[] {
  const profile = JSON.parse(readFileSync(path, 'utf8')) as {
    readonly defaultErrnoRet: number;
    readonly syscalls: readonly { readonly names: readonly string[] }[];
  };
  const numbers = callNumbers();
  // Newer calls than the header knows, and calls of other architectures, have no number here.
  const allowed = profile.syscalls.flatMap(({ names }) =>
    names.flatMap((name) => numbers.get(name) ?? []),
  );
  return filterOf(allowed, SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO | profile.defaultErrnoRet);
}

function filterFor(answer: string): Instruction[] {
  if (answer.endsWith('.json')) return filterOfProfile(answer);
  if (answer === 'kill') {
    return filterOf([SYS.io_uring_register], SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_ALLOW);
  }
  const calls = [SYS.io_uring_setup, SYS.io_uring_enter, SYS.io_uring_register];
  return filterOf(calls, SECCOMP_RET_ERRNO | ERRNO[answer as ErrnoName], SECCOMP_RET_ALLOW);
}

function install(filter: readonly Instruction[]): void {
  const code = new DataView(new ArrayBuffer(filter.length * 8));
  filter.forEach(([operation, yes, no, operand], index) => {
    code.setUint16(index * 8, operation, true);
    code.setUint8(index * 8 + 2, yes);
    code.setUint8(index * 8 + 3, no);
    code.setUint32(index * 8 + 4, operand, true);
  });
  syscall(SYS.prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  const installed = lend(code, (instructions) => {
    const header = new BigUint64Array([BigInt(filter.length), instructions]);
    return lend(header, (address) =>
      syscall(SYS.seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, address),
    );
  });
  if (installed < 0) throw new Error(`seccomp: ${installed}`);
}

const [answer = '', program = '', ...args] = process.argv.slice(2);
install(filterFor(answer));
const script = /\.[jt]s$/.test(program);
const [command, words] = script ? [process.execPath, [program, ...args]] : [program, args];
process.exitCode = spawnSync(command, words, { stdio: 'inherit' }).status ?? 128;

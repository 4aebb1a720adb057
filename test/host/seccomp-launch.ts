/**
 * seccomp-launch.ts ERRNO|kill PROGRAM ARGS...: runs PROGRAM under a filter that refuses the three
 * io_uring calls, as a container's profile or a systemd unit does. With "kill" only the call that
 * Node itself does not make at its start: under a filter that kills io_uring_setup no Node starts.
 */
import { spawnSync } from 'node:child_process';
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

const [answer = '', ...program] = process.argv.slice(2);
const kill = answer === 'kill';
const refusal = kill ? SECCOMP_RET_KILL_PROCESS : SECCOMP_RET_ERRNO | ERRNO[answer as ErrnoName];

/** code, jump if true, jump if false, operand. Offset 0 of seccomp_data is the call's number. */
const filter: readonly (readonly [number, number, number, number])[] = [
  [LOAD, 0, 0, 0],
  [JUMP_EQUAL, kill ? 0 : 3, 0, SYS.io_uring_setup],
  [JUMP_EQUAL, kill ? 0 : 2, 0, SYS.io_uring_enter],
  [JUMP_EQUAL, 1, 0, SYS.io_uring_register],
  [RETURN, 0, 0, SECCOMP_RET_ALLOW],
  [RETURN, 0, 0, refusal],
];

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
const result = spawnSync(process.execPath, program, { stdio: 'inherit' });
process.exitCode = result.status ?? 128;

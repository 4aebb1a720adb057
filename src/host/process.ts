/** Facts about this process' rights: identity, capabilities, seccomp, resource limits. */
import type { HostFiles } from './files.ts';
import { statusOf } from './kernel.ts';

export interface ProcessFacts {
  readonly uid: number;
  readonly groups: readonly number[];
  readonly capabilities: {
    readonly sysAdmin: boolean;
    readonly sysNice: boolean;
    readonly ipcLock: boolean;
  };
  /** 0 none, 1 strict, 2 filter; undefined where the kernel does not say. */
  readonly seccomp: number | undefined;
  readonly noNewPrivileges: boolean;
  readonly memlock: ResourceLimit;
  readonly openFiles: ResourceLimit;
  readonly addressSpace: ResourceLimit;
}

/** Infinity stands for unlimited, undefined for unknown. */
export interface ResourceLimit {
  readonly soft: number | undefined;
  readonly hard: number | undefined;
}

/** Bits of capability.h. */
const CAP_IPC_LOCK = 14n;
const CAP_SYS_ADMIN = 21n;
const CAP_SYS_NICE = 23n;

export function readProcess(files: HostFiles): ProcessFacts {
  const status = statusOf(files);
  const number = (key: string): number | undefined => {
    const text = status.get(key);
    return text === undefined || !/^\d+/.test(text) ? undefined : Number.parseInt(text, 10);
  };
  const effective = BigInt(`0x${/^[0-9a-f]+$/i.exec(status.get('CapEff') ?? '')?.[0] ?? '0'}`);
  const has = (bit: bigint): boolean => ((effective >> bit) & 1n) === 1n;
  // "Uid: real effective saved file"
  const ids = (status.get('Uid') ?? '').split(/\s+/).map(Number);
  const groupIds = [
    status.get('Gid')?.split(/\s+/)[1],
    ...(status.get('Groups') ?? '').split(/\s+/),
  ];
  const limits = files.text('/proc/self/limits') ?? '';
  return {
    uid: ids[1] ?? 0,
    groups: [...new Set(groupIds.filter((id) => id !== undefined && id !== '').map(Number))],
    capabilities: {
      sysAdmin: has(CAP_SYS_ADMIN),
      sysNice: has(CAP_SYS_NICE),
      ipcLock: has(CAP_IPC_LOCK),
    },
    seccomp: number('Seccomp'),
    noNewPrivileges: number('NoNewPrivs') === 1,
    memlock: limitOf(limits, 'Max locked memory'),
    openFiles: limitOf(limits, 'Max open files'),
    addressSpace: limitOf(limits, 'Max address space'),
  };
}

function limitOf(limits: string, name: string): ResourceLimit {
  const match = new RegExp(`^${name}\\s+(\\S+)\\s+(\\S+)`, 'm').exec(limits);
  const value = (text: string | undefined): number | undefined => {
    if (text === undefined) return undefined;
    return text === 'unlimited' ? Number.POSITIVE_INFINITY : Number(text);
  };
  return { soft: value(match?.[1]), hard: value(match?.[2]) };
}

/** Judges where data is read and written: file system, O_DIRECT, device, room. */
import { formatBytes } from '../../units.ts';
import type { Facts } from '../facts.ts';
import { describeAttempt } from '../observed.ts';
import type { DeviceFacts, StorageFacts } from '../storage.ts';
import { type Check, commandFix, type Fix, type Status, type Verdict } from './finding.ts';

/** Below this a result of any size will not fit. */
const LITTLE_SPACE = 256 * 2 ** 20;
const FEW_INODES = 1000;

/** Their data is in memory or across a network: O_DIRECT and read-ahead mean little. */
const MEMORY_SYSTEMS = new Set(['tmpfs', 'ramfs', 'hugetlbfs', 'devtmpfs']);
const REMOTE_SYSTEMS = new Set([
  '9p',
  'afs',
  'ceph',
  'cifs',
  'drvfs',
  'fuse.sshfs',
  'nfs',
  'nfs4',
  'smb3',
  'virtiofs',
  'vboxsf',
]);

export const STORAGE_CHECKS: readonly Check[] = [
  {
    id: 'storage.file_system',
    group: 'storage',
    title: 'file system of each directory used',
    judge: (facts) => eachPlace(facts, judgeFileSystem),
  },
  {
    id: 'storage.direct',
    group: 'storage',
    title: 'O_DIRECT, tried, and the alignment it wants',
    judge: (facts) => eachPlace(facts, judgeDirect),
  },
  {
    id: 'storage.device',
    group: 'storage',
    title: 'device: scheduler, read-ahead, poll queues',
    judge: (facts) => eachPlace(facts, judgeDevice),
  },
  {
    id: 'storage.space',
    group: 'storage',
    title: 'free space and inodes',
    judge: (facts) => eachPlace(facts, judgeSpace),
  },
  {
    id: 'storage.writable',
    group: 'storage',
    title: 'directories for results and temporary files can be written',
    judge: (facts) => eachPlace(facts, judgeWritable),
  },
];

interface PlaceVerdict {
  readonly status: Status;
  readonly found: string;
  readonly needed?: string;
  readonly cause?: string;
  readonly fixes?: readonly Fix[];
}

const RANK: readonly Status[] = ['fail', 'warn', 'unknown', 'info', 'pass', 'skip'];

/** One finding for all directories: the worst one's words, each one's facts. */
function eachPlace(
  facts: Facts,
  judge: (place: StorageFacts, facts: Facts) => PlaceVerdict,
): Verdict {
  if (facts.storage.length === 0) return { status: 'skip', found: 'no directory was looked at' };
  const verdicts = facts.storage.map((place) => ({
    place,
    ...(unanswered(place) ?? judge(place, facts)),
  }));
  const worst = [...verdicts].sort((a, b) => RANK.indexOf(a.status) - RANK.indexOf(b.status))[0];
  const same = verdicts.every(({ found }) => found === verdicts[0]?.found);
  const found = same
    ? (verdicts[0]?.found ?? '')
    : verdicts.map((one) => `${one.place.path}: ${one.found}`).join('; ');
  return {
    status: worst?.status ?? 'skip',
    found,
    ...(worst?.needed === undefined ? {} : { needed: worst.needed }),
    ...(worst?.cause === undefined ? {} : { cause: worst.cause }),
    ...(worst?.fixes === undefined ? {} : { fixes: worst.fixes }),
  };
}

/** A mount whose server is gone answers nothing, not even stat. */
function unanswered({ path, device, direct }: StorageFacts): PlaceVerdict | undefined {
  if (device !== '' || direct === undefined) return undefined;
  const found = describeAttempt(direct);
  if (direct.outcome !== 'timeout') return { status: 'unknown', found };
  return {
    status: 'unknown',
    found,
    cause: 'a file system that hangs: a network mount whose server is gone, or a failing disk',
    fixes: [commandFix('now', 'host', true, `umount -l "$(findmnt -nT ${path} -o TARGET)"`)],
  };
}

function judgeFileSystem(place: StorageFacts): PlaceVerdict {
  const type = place.fileSystem;
  if (type === undefined) return { status: 'unknown', found: 'file system not known' };
  const disk = place.disk === undefined ? '' : ` on ${place.disk.name}`;
  const found = `${type}${disk}`;
  if (MEMORY_SYSTEMS.has(type) && place.purpose === 'temporary files') {
    return { status: 'info', found, needed: 'nothing; what is written there takes memory' };
  }
  if (REMOTE_SYSTEMS.has(type)) {
    return { status: 'info', found, needed: 'nothing; reads go through the page cache' };
  }
  return { status: 'pass', found };
}

function judgeDirect(place: StorageFacts): PlaceVerdict {
  const { direct, directAlignBytes, fileSystem } = place;
  if (direct === undefined) return { status: 'skip', found: 'not tried' };
  if (direct.outcome === 'ok') {
    return { status: 'pass', found: `works, aligned to ${directAlignBytes} bytes` };
  }
  const refused = direct.outcome === 'refused';
  const found = refused ? `refused: ${direct.errno}` : `not tried: ${describeAttempt(direct)}`;
  const needed =
    'nothing: reads go through the page cache; a file larger than memory then evicts others';
  if (direct.outcome !== 'refused' || direct.errno !== 'EINVAL') {
    return place.writable
      ? { status: 'info', found, needed }
      : { status: 'skip', found: 'the directory cannot be written: nothing to try with' };
  }
  return {
    status: 'info',
    found,
    needed,
    cause: `${fileSystem ?? 'the file system'} has no O_DIRECT`,
  };
}

function judgeDevice(place: StorageFacts): PlaceVerdict {
  const { disk } = place;
  if (disk === undefined) return { status: 'skip', found: 'no block device of its own' };
  const found = [
    `${disk.name}: ${mediumOf(disk)}`,
    `scheduler ${disk.scheduler ?? 'unknown'}`,
    `read-ahead ${disk.readAheadKib ?? '?'} KiB`,
    ...(disk.pollQueues ? ['poll queues'] : []),
  ].join(', ');
  const ahead = disk.readAheadKib;
  if (ahead === undefined || ahead >= 128) return { status: 'pass', found };
  const path = `/sys/block/${disk.name}/queue/read_ahead_kb`;
  return {
    status: 'info',
    found,
    needed: '128 KiB or more of read-ahead for buffered reads (direct reads do not use it)',
    cause: `${path} = ${ahead}`,
    fixes: [
      {
        when: 'now',
        place: 'host',
        root: true,
        actions: [{ kind: 'write', path, value: '128', raiseOnly: true }],
      },
      {
        when: 'persistent',
        place: 'host',
        root: true,
        actions: [
          {
            kind: 'file',
            path: `/etc/udev/rules.d/60-nairobi-${disk.name}.rules`,
            content: `# written by nairobi doctor\nACTION=="add|change", KERNEL=="${disk.name}", ATTR{queue/read_ahead_kb}="128"\n`,
          },
        ],
      },
    ],
  };
}

/** A virtual disk calls itself rotating for want of a better answer. */
function mediumOf(disk: DeviceFacts): string {
  if (/^(?:vd|xvd)/.test(disk.name)) return 'virtual disk';
  return disk.rotational ? 'rotating' : 'solid state';
}

function judgeSpace(place: StorageFacts): PlaceVerdict {
  const { freeBytes, totalBytes, freeInodes, totalInodes } = place;
  if (totalBytes === 0) return { status: 'skip', found: 'no size' };
  const inodes = totalInodes === 0 ? '' : `, ${freeInodes} inodes`;
  const found = `${formatBytes(freeBytes)} of ${formatBytes(totalBytes)} free${inodes}`;
  const fixes = [
    commandFix(
      'now',
      'host',
      false,
      `du -xh --max-depth=2 ${place.mountPoint ?? place.path} | sort -h | tail`,
    ),
  ];
  if (freeBytes < LITTLE_SPACE) {
    return {
      status: 'warn',
      found,
      needed: `${formatBytes(LITTLE_SPACE)} for results and spilled data`,
      cause: `${place.mountPoint ?? place.path} is nearly full`,
      fixes,
    };
  }
  if (totalInodes > 0 && freeInodes < FEW_INODES) {
    return {
      status: 'warn',
      found,
      needed: 'free inodes: files cannot be made without, however much space there is',
      cause: `${place.mountPoint ?? place.path} has run out of inodes`,
      fixes,
    };
  }
  return { status: 'pass', found };
}

function judgeWritable(place: StorageFacts): PlaceVerdict {
  if (place.purpose === 'input') return { status: 'skip', found: 'only read' };
  if (place.writable) return { status: 'pass', found: 'writable' };
  const readOnly = place.options.includes('ro');
  const wanted = place.purpose === 'temporary files' || place.purpose === 'output';
  return {
    status: wanted ? 'warn' : 'info',
    found: 'not writable',
    needed: 'a directory that can be written, for -o without a path and for temporary files',
    cause: readOnly ? `${place.mountPoint} is mounted read-only` : 'the permissions forbid it',
    fixes: [
      place.purpose === 'temporary files'
        ? commandFix('now', 'host', false, 'export TMPDIR=/var/tmp')
        : commandFix(
            'now',
            'host',
            false,
            'write elsewhere: -o /path/that/can/be/written/out.parquet',
          ),
    ],
  };
}

/** Every file of contrib/, checked by the tool that reads it where this machine has that tool. */
import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { diagnose } from '../../src/engine/doctor/doctor.ts';
import { CHECKS } from '../../src/host/checks/all.ts';
import { HOSTS } from './hosts.ts';
import { doctor, FILTER, isRoot } from './launch.ts';
import { simulate } from './simulate.ts';

const folder = mkdtempSync(join(tmpdir(), 'nairobi-kits-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function tool(command: string, ...args: readonly string[]): SpawnSyncReturns<string> {
  return spawnSync(command, args, { encoding: 'utf8' });
}

function has(command: string): boolean {
  const there = spawnSync('sh', ['-c', `command -v ${command}`]).status === 0;
  if (!there) console.log(`skipped: ${command} is not installed`);
  return there;
}

test.skipIf(!has('systemd-analyze'))('systemd accepts every unit', () => {
  const units = join(folder, 'units');
  mkdirSync(units);
  // Stand-ins for what the units start, so that only the units themselves can be wrong.
  for (const name of readdirSync('contrib/systemd').filter((one) =>
    /\.(service|timer|socket)$/.test(one),
  )) {
    const text = readFileSync(join('contrib/systemd', name), 'utf8');
    writeFileSync(
      join(units, name.replace('@', '@a')),
      text.replace(/^(Exec\w+=)(?:\S*\/)?nairobi /gm, '$1/bin/true '),
    );
  }
  const files = readdirSync(units).map((name) => join(units, name));
  const { status, stderr } = tool('systemd-analyze', 'verify', '--man=no', ...files);
  const about = stderr
    .split('\n')
    .filter((line) => line.includes(units) || line.includes('nairobi'));
  expect(about).toEqual([]);
  expect(status, stderr).toBe(0);
});

test('units name only units that come with them', () => {
  const units = readdirSync('contrib/systemd');
  const texts = [
    ...units.map((name) => join('contrib/systemd', name)),
    'contrib/dbus/org.nairobi.Refinery1.service',
  ].map((file) => readFileSync(file, 'utf8'));
  const named = texts.flatMap((text) =>
    [...text.matchAll(/^(?:Service|Also|Requires|After|Unit|SystemdService)=(nairobi\S*)$/gm)].map(
      ([, name]) => name,
    ),
  );
  expect(named).toContain('nairobi-serve-user.service');
  expect(named.filter((name) => !units.includes(name ?? ''))).toEqual([]);
});

const DBUS_POLICY = 'contrib/dbus/org.nairobi.Refinery1.conf';

test.skipIf(!has('systemd-analyze'))('a user manager accepts the units of one user', () => {
  const runtime = join(folder, 'run');
  mkdirSync(runtime);
  const files = ['service', 'socket'].map((kind) => {
    const file = join(runtime, `nairobi-serve-user.${kind}`);
    const text = readFileSync(`contrib/systemd/nairobi-serve-user.${kind}`, 'utf8');
    writeFileSync(file, text.replace(/^(ExecStart=)nairobi /m, '$1/bin/true '));
    return file;
  });
  const { status, stderr } = spawnSync(
    'systemd-analyze',
    ['--user', 'verify', '--man=no', ...files],
    { encoding: 'utf8', env: { ...process.env, XDG_RUNTIME_DIR: runtime } },
  );
  expect([status, stderr.split('\n').filter((line) => line.includes('nairobi'))]).toEqual([0, []]);
});

test.skipIf(!has('systemd-analyze'))('the daemon for the host is confined', () => {
  const words = ['security', '--offline=yes', '--threshold=30', 'nairobi-serve.service'];
  const { status, stdout } = spawnSync('systemd-analyze', words, {
    encoding: 'utf8',
    cwd: join(folder, 'units'),
  });
  expect(status, stdout.split('\n').slice(-3).join('')).toBe(0);
});

test.skipIf(!has('dbus-daemon'))('a bus reads the policy', () => {
  const config = join(folder, 'bus.conf');
  const policy = readFileSync(DBUS_POLICY, 'utf8');
  // Users that are not here are passed over with a warning; what is wrong XML is not.
  writeFileSync(
    config,
    policy.replace(
      '<busconfig>',
      `<busconfig><type>session</type><listen>unix:path=${folder}/bus</listen><auth>EXTERNAL</auth>`,
    ),
  );
  const { stdout, stderr } = spawnSync(
    'timeout',
    ['1', 'dbus-daemon', '--nofork', '--print-address', `--config-file=${config}`],
    { encoding: 'utf8' },
  );
  expect(stdout).toContain('unix:path=');
  expect(stderr).not.toMatch(/Failed to (start|parse)|Error in file/);
});

test.skipIf(!has('sysctl'))('sysctl understands the drop-in, and its keys exist', () => {
  const result = tool('sysctl', '--dry-run', '-p', 'contrib/sysctl.d/60-nairobi.conf');
  expect(result.stderr).toBe('');
  expect(result.stdout).toMatch(/vm\.nr_hugepages = 8/);
});

test.skipIf(!(has('systemd-tmpfiles') && isRoot))(
  'systemd-tmpfiles writes what its file says',
  () => {
    const path = 'sys/kernel/mm/transparent_hugepage/enabled';
    mkdirSync(join(folder, 'root', path, '..'), { recursive: true });
    writeFileSync(join(folder, 'root', path), 'never');
    const config = join(process.cwd(), 'contrib/tmpfiles.d/nairobi.conf');
    mkdirSync(join(folder, 'root/etc/tmpfiles.d'), { recursive: true });
    writeFileSync(join(folder, 'root/etc/tmpfiles.d/nairobi.conf'), readFileSync(config));
    const result = tool(
      'systemd-tmpfiles',
      '--create',
      `--root=${join(folder, 'root')}`,
      'nairobi.conf',
    );
    expect(result.stderr).toBe('');
    expect(readFileSync(join(folder, 'root', path), 'utf8')).toMatch(/^madvise/);
  },
);

test.skipIf(!has('kubectl'))(
  'kubectl builds the manifest, with huge pages and the profile in it',
  () => {
    const result = tool('kubectl', 'kustomize', 'contrib/kubernetes');
    expect(result.status, result.stderr).toBe(0);
    expect(result.stdout).toMatch(/hugepages-2Mi: 16Mi[\s\S]*hugepages-2Mi: 16Mi/);
    expect(result.stdout).toContain('localhostProfile: nairobi.json');
  },
);

test('the Containerfile has known instructions, and its shell lines parse', () => {
  const text = readFileSync('contrib/container/Containerfile', 'utf8').replace(/\\\n\s*/g, ' ');
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  const known = /^(FROM|WORKDIR|COPY|RUN|ENV|USER|HEALTHCHECK|ENTRYPOINT|CMD) /;
  expect(lines.filter((line) => !known.test(line))).toEqual([]);
  expect(lines[0]).toMatch(/^FROM /);
  for (const line of lines.filter((one) => one.startsWith('RUN '))) {
    expect(spawnSync('sh', ['-n'], { input: line.slice(4) }).status).toBe(0);
  }
  for (const line of lines.filter((one) => /^(CMD|ENTRYPOINT) /.test(one))) {
    expect(() => JSON.parse(line.replace(/^\w+ /, ''))).not.toThrow();
  }
  const copied = [...text.matchAll(/^COPY --from=build \/src\/(\S+)/gm)].map(
    (match) => match[1] ?? '',
  );
  const made = new Set(['dist', 'node_modules']);
  expect(copied.filter((path) => !made.has(path) && !existsSync(path))).toEqual([]);
});

test('limits.d has lines of four words', () => {
  const text = readFileSync('contrib/limits.d/60-nairobi-memlock.conf', 'utf8');
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  for (const line of lines) expect(line).toMatch(/^\S+\s+(?:soft|hard|-)\s+memlock\s+\d+$/);
});

describe('the seccomp profile', () => {
  const profile = JSON.parse(readFileSync('contrib/seccomp/nairobi.json', 'utf8')) as {
    readonly defaultAction: string;
    readonly syscalls: readonly { readonly names: readonly string[]; readonly action: string }[];
  };
  const names = profile.syscalls.flatMap((entry) => entry.names);
  const headers = existsSync('/usr/include/asm-generic/unistd.h');
  if (!headers) console.log('skipped: no kernel headers to number the calls by');
  const path = join(process.cwd(), 'contrib/seccomp/nairobi.json');

  test('refuses by default, and allows the three calls of io_uring', () => {
    expect(profile.defaultAction).toBe('SCMP_ACT_ERRNO');
    expect(names).toEqual(
      expect.arrayContaining(['io_uring_setup', 'io_uring_enter', 'io_uring_register']),
    );
    expect(new Set(names).size).toBe(names.length);
  });

  test('allows nothing that changes the machine or looks into others', () => {
    const dangerous = [
      'mount',
      'umount2',
      'ptrace',
      'bpf',
      'kexec_load',
      'init_module',
      'keyctl',
      'setns',
      'unshare',
      'pivot_root',
      'reboot',
      'swapon',
      'userfaultfd',
      'perf_event_open',
      'process_vm_readv',
      'clock_settime',
      'settimeofday',
    ];
    expect(names.filter((name) => dangerous.includes(name))).toEqual([]);
  });

  test.skipIf(!headers)('lets the whole program work, on this kernel', () => {
    const report = doctor([], { seccomp: path });
    const bad = report.findings.filter(({ status }) => status === 'fail' || status === 'unknown');
    expect(bad).toEqual([]);
    const setup = (one: typeof report) =>
      one.findings.find(({ id }) => id === 'io_uring.setup')?.status;
    expect(setup(report)).toBe(setup(doctor(['--only', 'io_uring'])));
    const stats = tool(
      process.execPath,
      FILTER,
      path,
      'bin/dev.js',
      'stats',
      'node_modules/vega-datasets/data/airports.csv',
    );
    expect(stats.status, stats.stderr).toBe(0);
  });

  test.skipIf(!headers || !isRoot)('stops a mount, even of root', () => {
    const result = tool(process.execPath, FILTER, path, 'mount', '-t', 'tmpfs', 'none', folder);
    expect(result.status).not.toBe(0);
    expect(result.stderr).toMatch(/permission denied|not permitted/i);
  });
});

test('every file that a fix names is in the kits', () => {
  const named = new Set<string>();
  for (const { host } of HOSTS) {
    const { files, observed } = simulate(host);
    const { findings } = diagnose(files, observed, { only: [], ignore: [], strict: false });
    for (const command of findings.flatMap(({ fixes }) => fixes.flatMap((fix) => fix.commands))) {
      for (const match of command.matchAll(/contrib\/[\w./@-]+/g)) named.add(match[0]);
    }
  }
  expect(named.size).toBeGreaterThan(1);
  expect([...named].filter((path) => !existsSync(path))).toEqual([]);
  expect(CHECKS.length).toBeGreaterThan(50);
});

import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BIN } from '../cli/nairobi.ts';
import { type Running, startDaemon, table } from './daemon.ts';
import { NAME, startBus } from './private-bus.ts';

const CONTRIB = fileURLToPath(new URL('../../contrib/dbus', import.meta.url));

const runs = (command: string, ...args: readonly string[]): boolean =>
  spawnSync(command, args, { stdio: 'ignore' }).status === 0;

const missing = [
  runs('dbus-daemon', '--version') ? '' : 'dbus-daemon',
  runs('gdbus', 'help') ? '' : 'gdbus',
].filter((name) => name !== '');
if (missing.length > 0) console.warn(`skipped: ${missing.join(' and ')} missing`);

const python = ['/usr/bin/python3', 'python3'].find((name) => runs(name, '-c', 'import dbus'));
if (python === undefined) console.warn('skipped: the tests of descriptors need python3-dbus');

/** Takes descriptors, looks at their seals, and at what the daemon holds open. */
const DESCRIPTORS = `
import dbus, fcntl, json, mmap, os, sys
bus = dbus.bus.BusConnection(os.environ["ADDRESS"])
door = dbus.Interface(bus.get_object("${NAME}", "/org/nairobi/Refinery1"), "${NAME}")
result, fds = door.Open(json.dumps({"path": sys.argv[1], "data": True}))
fd = fds[json.loads(result)["data"]["fd"]].take()
assert mmap.mmap(fd, 0, prot=mmap.PROT_READ)[:6] == b"ARROW1"
assert fcntl.fcntl(fd, 1034) == 15, "all seals"
open_now = lambda: len(os.listdir("/proc/%d/fd" % int(sys.argv[2])))
door.Query(json.dumps({"dataset": json.loads(result)["dataset"], "sql": "from data", "as": "arrow"}))
before = open_now()
for _ in range(50):
    door.Query(json.dumps({"dataset": json.loads(result)["dataset"], "sql": "from data", "as": "arrow"}))
assert open_now() < before + 10, "descriptors are lost"
print(json.loads(door.Status("{}")[0])["clients"])
`;

/** Hands over files nobody can name, and what is no file to be read. */
const HANDED = `
import dbus, json, os, sys, time
bus = dbus.bus.BusConnection(os.environ["ADDRESS"])
door = dbus.Interface(bus.get_object("${NAME}", "/org/nairobi/Refinery1"), "${NAME}")
def target(n):
    try: return os.readlink(f"/proc/{sys.argv[2]}/fd/{n}")
    except FileNotFoundError: return ""  # closed in the meantime
held = lambda: [target(n) for n in os.listdir(f"/proc/{sys.argv[2]}/fd")]
with open(sys.argv[1], "rb") as file:
    os.unlink(sys.argv[1])
    about = json.loads(door.OpenFile(json.dumps({"name": "sensors.csv"}), dbus.types.UnixFd(file))[0])
mean = json.loads(door.Column(json.dumps({"dataset": about["dataset"], "column": "x", "figure": "mean"}))[0])
print(about["name"], about["rows"], mean["figures"]["mean"])
door.Close(json.dumps({"dataset": about["dataset"]}))
for _ in range(100):
    if not any(place.startswith(sys.argv[1]) for place in held()): break
    time.sleep(0.05)
else: raise AssertionError("the daemon lets go of the file")
def refused(params, fd):
    try:
        door.OpenFile(json.dumps(params), dbus.types.UnixFd(fd))
    except dbus.DBusException as error:
        return error.get_dbus_name().split(".")[-1]
print(refused({}, os.open("/tmp", os.O_RDONLY)), refused({}, os.open("/dev/null", os.O_WRONLY)),
      refused({"path": "/etc/passwd"}, 0), refused({"fd": 3}, 0), refused({"name": "../x"}, 0))
`;

let folder: string;
let bus: { address: string; pid: number };
let daemon: Running;

beforeAll(async () => {
  if (missing.length > 0) return;
  folder = mkdtempSync(path.join(tmpdir(), 'nairobi-bus-'));
  bus = startBus(folder);
  const env = { DBUS_SESSION_BUS_ADDRESS: bus.address };
  daemon = await startDaemon(['--bus', 'session'], env);
});

afterAll(async () => {
  if (missing.length > 0) return;
  await daemon.stop();
  process.kill(bus.pid);
  rmSync(folder, { recursive: true, force: true });
});

const gdbus = (verb: string, ...args: readonly string[]) =>
  spawnSync(
    'gdbus',
    [
      verb,
      '--address',
      bus.address,
      '--dest',
      NAME,
      '--object-path',
      '/org/nairobi/Refinery1',
      ...args,
    ],
    { encoding: 'utf8' },
  );
const call = (method: string, params: object) =>
  gdbus('call', '--method', `${NAME}.${method}`, JSON.stringify(params));

describe.skipIf(missing.length > 0)('the door on D-Bus', () => {
  test('tells what it can do', () => {
    const { stdout } = gdbus('introspect');
    expect(stdout).toMatch(
      /OpenFile\(in {2}s parameters,\s+in {2}h file,\s+out s result,\s+out ah/,
    );
    for (const method of ['Open', 'Query', 'Run']) {
      expect(stdout).toMatch(
        new RegExp(`${method}\\(in  s parameters,\\s+out s result,\\s+out ah`),
      );
    }
    expect(stdout).toContain("readonly s Version = '");
  });

  test('answers the methods of the socket with the same words', () => {
    const file = daemon.file('bus.csv', table(100));
    const opened = call('Open', { path: file });
    const id = /"dataset":"(\w+)"/.exec(opened.stdout)?.[1] ?? '';
    expect(opened.stdout).toContain('"rows":100');
    const { stdout } = call('Query', { dataset: id, sql: 'select max(x) as m from data' });
    expect(stdout).toContain('"rows":[\\n{"m":99}\\n]');
  });

  test('gives the errors of the command line by name', () => {
    expect(call('Open', { path: '/none.csv' }).stderr).toContain(`${NAME}.Error.NOT_FOUND: Cannot`);
    expect(call('Opne', {}).stderr).toContain(`${NAME}.Error.USAGE`);
    expect(call('Status', { nope: 1 }).stderr).toContain('takes no "nope"');
    const wrong = gdbus('call', '--method', `${NAME}.Status`, '[1]');
    expect(wrong.stderr).toContain('have to be a JSON object');
    expect(gdbus('call', '--method', 'org.example.Other.X').stderr).toContain('UnknownMethod');
  });
});

describe.skipIf(missing.length > 0)('on D-Bus the daemon', () => {
  test('has no Command, whose output has no place in a message', () => {
    expect(gdbus('introspect').stdout).not.toContain('Command');
    const said = call('Command', { command: 'query', argv: ['select 1'], cwd: '/' });
    expect(said.stderr).toContain('NOT_SUPPORTED');
  });

  test.skipIf(python === undefined)('believes nobody but the bus that a caller is gone', () => {
    const script = `
import dbus, json, os, subprocess, sys
bus = dbus.bus.BusConnection(os.environ["ADDRESS"])
door = dbus.Interface(bus.get_object("${NAME}", "/org/nairobi/Refinery1"), "${NAME}")
door.Open(json.dumps({"path": sys.argv[1]}))
liar = dbus.bus.BusConnection(os.environ["ADDRESS"])
me = bus.get_unique_name()
lie = dbus.lowlevel.SignalMessage("/org/freedesktop/DBus", "org.freedesktop.DBus", "NameOwnerChanged")
lie.append(me, me, "", signature="sss")
lie.set_destination(bus.get_name_owner("${NAME}"))
liar.send_message(lie); liar.flush()
dbus.Interface(liar.get_object("${NAME}", "/org/nairobi/Refinery1"), "${NAME}").List("{}")
datasets = json.loads(door.List("{}")[0])["datasets"]
print([one["holders"] for one in datasets if one["path"] == sys.argv[1]])
`;
    const place = daemon.file('held.csv', table(10));
    const { stdout, stderr } = spawnSync(String(python), ['-c', script, place], {
      encoding: 'utf8',
      env: { ...process.env, ADDRESS: bus.address },
    });
    expect(stderr).toBe('');
    expect(stdout).toBe('[1]\n');
  });

  test('lets only one daemon have the name', async () => {
    const env = { DBUS_SESSION_BUS_ADDRESS: bus.address };
    await expect(startDaemon(['--bus', 'session'], env)).rejects.toThrow(/another daemon has it/);
    const second = await startDaemon([], env);
    expect(await second.stop()).toBe(0);
  });

  test.skipIf(python === undefined)('hands over sealed memory, and lets go of callers', () => {
    const file = daemon.file('fds.csv', table(1000));
    const run = () =>
      spawnSync(python ?? '', ['-c', DESCRIPTORS, file, String(daemon.pid)], {
        encoding: 'utf8',
        env: { ...process.env, ADDRESS: bus.address },
      });
    const [first, second] = [run(), run()];
    expect([first.stderr, second.stderr]).toEqual(['', '']);
    expect(second.stdout).toBe(first.stdout);
  });
});

describe.skipIf(missing.length > 0 || python === undefined)('a descriptor on D-Bus', () => {
  test('is opened in place of a path, and what is no file is refused', () => {
    const file = daemon.file('handed.csv', table(101));
    const { stdout, stderr } = spawnSync(python ?? '', ['-c', HANDED, file, String(daemon.pid)], {
      encoding: 'utf8',
      env: { ...process.env, ADDRESS: bus.address },
    });
    expect(stderr).toBe('');
    const [answers, refusals] = stdout.trim().split('\n');
    expect(answers).toBe('sensors 101 50');
    expect(refusals).toMatch(/^NOT_\w+ NOT_READABLE USAGE USAGE USAGE$/);
  });
});

describe.skipIf(missing.length > 0)('the files of contrib/dbus', () => {
  test('start the daemon at the first call', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'nairobi-activation-'));
    const service = readFileSync(path.join(CONTRIB, `${NAME}.service`), 'utf8')
      .replace('/usr/bin/nairobi serve', `/bin/sh ${BIN} serve --socket ${folder}/run/socket`)
      .replace(/^SystemdService=.*\n/m, '');
    const bus = startBus(folder, service);
    try {
      const words = ['call', '--address', bus.address, '--timeout', '60', '--dest', NAME];
      const where = ['--object-path', '/org/nairobi/Refinery1', '--method', `${NAME}.Status`, '{}'];
      const { stdout, stderr } = spawnSync('gdbus', [...words, ...where], { encoding: 'utf8' });
      const pid = /"pid":(\d+)/.exec(stdout)?.[1];
      expect(pid, stderr).toBeDefined();
      process.kill(Number(pid), 'SIGTERM');
    } finally {
      process.kill(bus.pid);
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test('keep strangers off the system bus', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'nairobi-policy-'));
    const policy = readFileSync(path.join(CONTRIB, `${NAME}.conf`), 'utf8').replaceAll(
      / (user|group)="nairobi"/g,
      ' $1="root"',
    );
    writeFileSync(path.join(folder, 'policy.conf'), policy);
    const head = policy.slice(0, policy.indexOf('<busconfig>'));
    writeFileSync(
      path.join(folder, 'bus.conf'),
      `${head}<busconfig><type>system</type><listen>unix:path=${folder}/bus</listen>
<policy context="default"><allow user="*"/><deny own="*"/></policy>
<include>${folder}/policy.conf</include></busconfig>`,
    );
    const words = ['--nofork', '--print-address=1', '--config-file', path.join(folder, 'bus.conf')];
    const bus = spawn('dbus-daemon', words, { stdio: ['ignore', 'pipe', 'pipe'] });
    try {
      const address = await new Promise<string>((resolve, reject) => {
        bus.stdout.on('data', (bytes) => resolve(String(bytes).trim()));
        bus.on('exit', (code) => reject(new Error(`dbus-daemon ended with ${code}`)));
      });
      expect(address).toMatch(/^unix:/);
    } finally {
      bus.kill();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

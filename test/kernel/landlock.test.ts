import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { SYS } from '../../src/kernel/constants.ts';
import { syscall } from '../../src/kernel/syscall.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'nairobi-landlock-'));
afterAll(() => rmSync(folder, { recursive: true }));

const version = syscall(SYS.landlock_create_ruleset, 0, 0, 1);

/** Does each in a process that has confined itself; what it answers, or the code of its error. */
const SCRIPT = `
  import { spawnSync } from 'node:child_process';
  import fs from 'node:fs';
  import net from 'node:net';
  import { Worker } from 'node:worker_threads';
  import { confine } from './src/kernel/landlock.ts';
  import { sealedBytes, sealedFile } from './src/memory/sealed.ts';
  const [folder] = process.argv.slice(1);
  const old = folder + '/old';
  const before = fs.openSync(folder + '/before', 'w');
  const version = confine(['/dev/null', '/dev/there-is-none']);
  const answers = { version };
  const attempt = async (name, work) => {
    try {
      answers[name] = (await work()) ?? 'done';
    } catch (error) {
      answers[name] = error.code;
    }
  };
  const run = (program) => {
    const { error } = spawnSync(program);
    if (error) throw error;
  };
  const connect = () => new Promise((resolve, reject) => {
    net.connect(9, '127.0.0.1').on('connect', resolve).on('error', reject);
  });
  const inThread = () => new Promise((resolve) => {
    const code = "import fs from 'node:fs'; import { parentPort } from 'node:worker_threads';" +
      "try { fs.writeFileSync(" + JSON.stringify(old) + ", 'x') }" +
      "catch (error) { parentPort.postMessage(error.code) }";
    new Worker(code, { eval: true }).once('message', resolve).once('exit', () => resolve('done'));
  });
  await attempt('write', () => fs.writeFileSync(old, 'x'));
  await attempt('make', () => fs.writeFileSync(folder + '/new', 'x'));
  await attempt('async', () => fs.promises.writeFile(old, 'x'));
  await attempt('thread', inThread);
  await attempt('mkdir', () => fs.mkdirSync(folder + '/d'));
  await attempt('rename', () => fs.renameSync(old, folder + '/other'));
  await attempt('remove', () => fs.unlinkSync(old));
  await attempt('truncate', () => fs.truncateSync(old));
  await attempt('run', () => run('/bin/true'));
  await attempt('connect', connect);
  await attempt('read', () => fs.readFileSync(old, 'utf8'));
  await attempt('null', () => fs.writeFileSync('/dev/null', 'x'));
  await attempt('open before', () => { fs.writeSync(before, 'x'); });
  await attempt('memory', () => sealedBytes('test', Buffer.from('abc')).byteLength);
  await attempt('memory by its path', () =>
    sealedFile('test', (name) => fs.writeFileSync(name, 'abcd')).byteLength);
  process.stdout.write(JSON.stringify(answers));
  process.exit();
`;

test.skipIf(version <= 0)('what is confined neither writes, runs nor connects', () => {
  writeFileSync(path.join(folder, 'old'), 'as it was');
  const run = spawnSync(
    process.execPath,
    ['--input-type=module-typescript', '-e', SCRIPT, folder],
    {
      encoding: 'utf8',
    },
  );
  const refused = 'EACCES';
  expect(run.stderr).toBe('');
  expect(JSON.parse(run.stdout)).toEqual({
    version,
    write: refused,
    make: refused,
    async: refused,
    thread: refused,
    mkdir: refused,
    rename: refused,
    remove: refused,
    truncate: version >= 3 ? refused : 'done',
    run: refused,
    connect: version >= 4 ? refused : 'ECONNREFUSED',
    read: 'as it was',
    null: 'done',
    'open before': 'done',
    memory: 3,
    'memory by its path': 4,
  });
  expect(readFileSync(path.join(folder, 'old'), 'utf8')).toBe('as it was');
});

if (version <= 0) console.log('skipped: landlock, which this kernel has not');

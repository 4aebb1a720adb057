/** Trials that crash, hang or leave: made with little modules that do just that. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { splitWords } from '../../src/commands/doctor/for.ts';
import { demandsOf } from '../../src/engine/doctor/for.ts';
import type { TrialStep } from '../../src/engine/doctor/trials/protocol.ts';
import { runTrials } from '../../src/engine/doctor/trials/run.ts';
import { doctor, launch } from './launch.ts';

const folder = mkdtempSync(join(tmpdir(), 'nairobi-trials-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A step that loads a module with this text. */
function step(id: string, text: string): TrialStep {
  const name = join(folder, `${id}.cjs`);
  writeFileSync(name, text);
  return { id, trial: 'module', options: { name } };
}

const soon = (ms: number): number => performance.now() + ms;

test('a step that dies of SIGBUS is named, and those after it still run', async () => {
  const outcomes = await runTrials(
    [
      step('before', ''),
      step('dies', "process.kill(process.pid, 'SIGBUS'); while (true);"),
      step('after', ''),
    ],
    soon(20_000),
  );
  expect(outcomes.get('dies')).toEqual({
    answered: false,
    attempt: { outcome: 'killed', signal: 'SIGBUS' },
  });
  expect(outcomes.get('before')).toMatchObject({ answered: true });
  expect(outcomes.get('after')).toMatchObject({ answered: true });
});

test('a step that hangs times out, and those after it were not tried', async () => {
  const start = performance.now();
  const outcomes = await runTrials([step('hangs', 'while (true);'), step('never', '')], soon(1000));
  expect(performance.now() - start).toBeLessThan(5000);
  expect(outcomes.get('hangs')).toEqual({ answered: false, attempt: { outcome: 'timeout' } });
  expect(outcomes.get('never')).toEqual({
    answered: false,
    attempt: { outcome: 'untried' },
  });
});

test('a step that leaves on its own tells its status', async () => {
  const outcomes = await runTrials([step('leaves', 'process.exit(7)')], soon(20_000));
  expect(outcomes.get('leaves')).toEqual({
    answered: false,
    attempt: { outcome: 'failed', message: 'the trial ended with status 7' },
  });
});

test('with no time at all the report still comes, and says what it could not tell', () => {
  const report = doctor(['--timeout', '1ms']);
  expect(report.exit).toBe(3);
  expect(report.findings.find(({ id }) => id === 'runtime.polars')?.status).toBe('unknown');
  expect(report.findings.find(({ id }) => id === 'memory.thp')?.status).toBe('pass');
});

test('what --for names is looked at: inputs, the output, and what the command needs', () => {
  const input = join(folder, 'in.csv');
  writeFileSync(input, 'a\n1\n');
  const good = doctor(['--for', `ingest ${input} -o ${folder}/out.parquet`, '--only', 'data']);
  expect(good.findings.map(({ id, status }) => [id, status])).toEqual([
    ['data.input', 'pass'],
    ['data.output', 'pass'],
  ]);
  const missing = doctor(['--for', `stats ${folder}/no.csv`, '--only', 'data']);
  expect(missing.exit).toBe(2);
  expect(missing.findings[0]?.found).toMatch(/no\.csv does not exist/);
  const nowhere = doctor([
    '--for',
    `ingest ${input} -o ${folder}/no/where/out.parquet`,
    '--only',
    'data',
  ]);
  expect(nowhere.findings.find(({ id }) => id === 'data.output')?.status).toBe('fail');
});

test('--for understands a command line as its command does', () => {
  const input = join(folder, 'other.csv');
  writeFileSync(input, 'a\n1\n');
  const columns = doctor(['--for', `stats ${input} a --all`, '--only', 'data']);
  expect(columns.findings.map(({ id, status }) => [id, status])).toEqual([
    ['data.input', 'pass'],
    ['data.output', 'skip'],
  ]);
  const glob = doctor(['--for', `nairobi stats '${folder}/*.csv'`, '--only', 'data']);
  expect(glob.findings[0]?.found).toContain(folder);
  const wrong = launch(['doctor', '--for', 'stats --bogus']);
  expect(wrong.status).toBe(2);
  expect(wrong.stderr).toMatch(/bogus/);
  expect(launch(['doctor', '--for', 'stat x']).stderr).toMatch(/did you mean "stats"/);
});

test('file names inside an SQL text are inputs, its other words are not', () => {
  const { places, required } = demandsOf({
    command: 'query',
    words: [`select "a b" from '/data/x.csv' where c = 'no file'`, 'w=/data/w.csv'],
    options: new Map([
      ['output', '/out/y.parquet'],
      ['io', 'uring'],
    ]),
  });
  expect(places).toEqual([
    { path: '/data/x.csv', purpose: 'input' },
    { path: '/data/w.csv', purpose: 'input' },
    { path: '/out/y.parquet', purpose: 'output' },
  ]);
  expect([...required]).toEqual(expect.arrayContaining(['io_uring.setup', 'runtime.pg_query']));
});

test('words are split as a shell splits them', () => {
  expect(splitWords(`a 'b c' "d \\"e" f\\ g'h'`)).toEqual(['a', 'b c', 'd "e', 'f gh']);
});

/** The forms of the report: JSON, monitoring, metrics, list, text. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { formatMetrics, formatNagios } from '../../src/commands/doctor/monitor.ts';
import { formatDoctor } from '../../src/commands/doctor/text.ts';
import {
  type DoctorOptions,
  type DoctorReport,
  diagnose,
  selectChecks,
} from '../../src/engine/doctor/doctor.ts';
import { CHECKS } from '../../src/host/checks/all.ts';
import { GROUPS } from '../../src/host/checks/finding.ts';
import { HOSTS } from './hosts.ts';
import { breaches } from './schema.ts';
import { simulate } from './simulate.ts';

const schema = JSON.parse(readFileSync('schemas/doctor.json', 'utf8')) as object;
const QUESTION: Pick<DoctorOptions, 'only' | 'ignore' | 'strict'> = {
  only: [],
  ignore: [],
  strict: false,
};

function reportOf(name: string, question: Partial<typeof QUESTION> = {}): DoctorReport {
  const found = HOSTS.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no host "${name}"`);
  const { files, observed } = simulate(found.host);
  return diagnose(files, observed, { ...QUESTION, ...question });
}

const HEALTHY = 'Debian 12, kernel 6.1, nothing special';
const DISABLED = 'RHEL 9, kernel 5.14, io_uring disabled for everyone';

const PLAIN = { colour: false, ascii: false, verbose: false };

test('every report of the matrix follows the committed schema', () => {
  for (const { host } of HOSTS) {
    const { files, observed } = simulate(host);
    const json: unknown = JSON.parse(JSON.stringify(diagnose(files, observed, QUESTION)));
    expect(breaches(json, schema)).toEqual([]);
  }
});

test('the schema refuses what no report may be', () => {
  const good = JSON.parse(JSON.stringify(reportOf(HEALTHY))) as { findings: object[] };
  expect(breaches({ ...good, ability: 'perhaps' }, schema)).toHaveLength(1);
  expect(breaches({ ...good, extra: 1 }, schema)).toHaveLength(1);
  good.findings[0] = { ...good.findings[0], status: 'fine' };
  expect(breaches(good, schema)[0]).toMatch(/findings\[0\]\.status/);
});

test('ids are unique, begin with their group, and each has a paragraph in the docs', () => {
  const ids = CHECKS.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  const page = readFileSync('docs/doctor.md', 'utf8');
  const missing = CHECKS.filter(({ id }) => !page.includes(`### ${id}\n`)).map(({ id }) => id);
  expect(missing).toEqual([]);
  for (const { id, group } of CHECKS) expect(id.startsWith(`${group}.`)).toBe(true);
  expect([...new Set(CHECKS.map(({ group }) => group))]).toEqual([...GROUPS]);
});

test('a monitoring line has state, verdict and performance data, and warnings below it', () => {
  const [line = '', ...details] = formatNagios(reportOf(DISABLED)).trimEnd().split('\n');
  expect(line).toMatch(
    /^NAIROBI OK - reads with preadv2 .* \| ('[a-z0-9_]+'=-?[\d.]+(?:B|us|%)? ?)+$/,
  );
  expect(line.match(/\|/g)).toHaveLength(1);
  expect(details).toContainEqual(
    expect.stringMatching(/^warn io_uring\.setup: .*io_uring_disabled = 2/),
  );
});

test('a warning is WARNING for the monitoring system with --strict', () => {
  const report = reportOf(DISABLED, { strict: true });
  expect(report.exit).toBe(1);
  expect(formatNagios(report)).toMatch(/^NAIROBI WARNING - /);
  expect(formatNagios(reportOf('Node.js 20'))).toMatch(/^NAIROBI CRITICAL - runtime\.node/);
  expect(formatNagios(reportOf('Polars hangs while it loads'))).toMatch(/^NAIROBI UNKNOWN - /);
});

test('metrics are the text format: a type before each, no times, every check once', () => {
  const lines = formatMetrics(reportOf(DISABLED)).trimEnd().split('\n');
  const samples = lines.filter((line) => !line.startsWith('#'));
  for (const sample of samples) expect(sample).toMatch(/^[a-z_0-9]+(\{[^}]*\})? -?[\d.]+$/);
  expect(samples).toContain('nairobi_doctor_check{id="io_uring.setup",group="io_uring"} 1');
  expect(samples.filter((line) => line.startsWith('nairobi_doctor_check{'))).toHaveLength(
    CHECKS.length,
  );
  const named = new Set(samples.map((line) => /^[a-z_0-9]+/.exec(line)?.[0]));
  for (const name of named) expect(lines).toContain(`# TYPE ${name} gauge`);
});

test('the readable report gives cause and remedy of what is wrong, and the verdict last', () => {
  const text = formatDoctor(reportOf(DISABLED), PLAIN);
  expect(text).toContain('! io_uring.setup');
  expect(text).toContain('cause  EPERM: kernel.io_uring_disabled = 2');
  expect(text).toContain('now    sysctl -w kernel.io_uring_disabled=0');
  expect(text.trimEnd().split('\n').at(-2)).toMatch(/^able with warnings: reads with preadv2/);
  expect(text).not.toContain('\u001b');
  expect(formatDoctor(reportOf(DISABLED), { ...PLAIN, colour: true })).toContain('\u001b[33m');
});

test('on a terminal without UTF-8 the report is plain ASCII', () => {
  const text = formatDoctor(reportOf(DISABLED), { ...PLAIN, ascii: true, verbose: true });
  expect(text).toMatch(/^[\n -~]+$/);
  expect(text).toContain('+ kernel.version');
});

test('an ignored check is listed as such and does not count', () => {
  const report = reportOf(DISABLED, { ignore: ['io_uring'] });
  expect(report.ability).toBe('able');
  expect(report.firstStep).toBeNull();
  expect(report.findings.find(({ id }) => id === 'io_uring.setup')).toMatchObject({
    status: 'warn',
    muted: true,
  });
  expect(formatDoctor(report, PLAIN)).toContain('(ignored)');
});

test('a misspelt check is wrong usage, with the nearest name', () => {
  expect(() => selectChecks(['io_urng.setup'])).toThrow(/No check or group/);
  expect(selectChecks(['memory']).every(({ group }) => group === 'memory')).toBe(true);
  expect(selectChecks(['memory.thp']).map(({ id }) => id)).toEqual(['memory.thp']);
});

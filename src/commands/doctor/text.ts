/** The doctor's report for a person: grouped, aligned, one line a check, then what to do. */
import type { DoctorReport } from '../../engine/doctor/doctor.ts';
import type { ChangeResult } from '../../engine/doctor/fix.ts';
import type { CheckListing } from '../../engine/doctor/output.ts';
import type { Finding, Fix, Status } from '../../host/checks/finding.ts';

const MARKS: Readonly<Record<Status, string>> = {
  pass: '✓',
  info: 'i',
  warn: '!',
  fail: '✗',
  unknown: '?',
  skip: '-',
};

const COLOURS: Readonly<Record<Status, string>> = {
  pass: '32',
  info: '36',
  warn: '33',
  fail: '31',
  unknown: '35',
  skip: '2',
};

export interface TextOptions {
  readonly colour: boolean;
  /** The terminal shows no UTF-8: a serial console, or LANG=C. */
  readonly ascii: boolean;
  /** Skipped checks and the links too. */
  readonly verbose: boolean;
}

/** Ends with a newline. */
export function formatDoctor(report: DoctorReport, options: TextOptions): string {
  const { host } = report;
  const where = [host.distribution, `Linux ${host.kernel}`, host.architecture, host.container];
  const lines = [where.filter((part) => part !== null && part !== '').join(' · '), ''];
  const shown = report.findings.filter(({ status }) => options.verbose || status !== 'skip');
  const width = Math.max(0, ...shown.map(({ id }) => id.length));
  let group = '';
  for (const finding of shown) {
    if (group !== '' && finding.group !== group) lines.push('');
    group = finding.group;
    lines.push(...formatFinding(finding, width, options));
  }
  lines.push('', verdict(report, options));
  if (report.firstStep !== null) lines.push(`  first: ${report.firstStep}`);
  lines.push('');
  const text = lines.join('\n');
  return options.ascii ? toAscii(text) : text;
}

const ASCII: Readonly<Record<string, string>> = { '✓': '+', '✗': 'x', '·': '-', '×': 'x', µ: 'u' };

function toAscii(text: string): string {
  return text.replace(/\P{ASCII}/gu, (character) => ASCII[character] ?? '?');
}

function formatFinding(finding: Finding, width: number, options: TextOptions): string[] {
  const { status } = finding;
  const mark = paint(MARKS[status], COLOURS[status], options);
  const muted = finding.muted ? ' (ignored)' : '';
  const lines = [`${mark} ${finding.id.padEnd(width)}  ${finding.found}${muted}`];
  const told = status === 'warn' || status === 'fail' || status === 'unknown';
  if ((!told && !options.verbose) || finding.muted) return lines;
  const indent = ' '.repeat(width + 4);
  const detail = (name: string, text: string | undefined): void => {
    if (text !== undefined) lines.push(`${indent}${paint(name, '2', options)} ${text}`);
  };
  detail('needed', finding.needed);
  detail('cause ', finding.cause);
  detail('root  ', finding.rootAdds);
  for (const fix of finding.fixes) {
    for (const command of fix.commands) detail(labelOf(fix), command);
  }
  if (options.verbose) detail('see   ', finding.docs);
  return lines;
}

function labelOf(fix: Fix): string {
  return fix.when === 'now' ? 'now   ' : fix.when === 'start' ? 'start ' : 'always';
}

function verdict(report: DoctorReport, options: TextOptions): string {
  const colour = { 0: '32', 1: '33', 2: '31', 3: '35' }[report.exit];
  const { warn, fail, unknown } = report.counts;
  const counts = [
    fail === 0 ? '' : `${fail} failed`,
    warn === 0 ? '' : `${warn} warning${warn === 1 ? '' : 's'}`,
    unknown === 0 ? '' : `${unknown} unknown`,
  ].filter((part) => part !== '');
  const suffix = counts.length === 0 ? '' : ` (${counts.join(', ')})`;
  return `${paint(report.ability, colour, options)}: ${report.verdict}${suffix}`;
}

function paint(text: string, colour: string, { colour: on }: TextOptions): string {
  return on ? `\u001b[${colour}m${text}\u001b[0m` : text;
}

/** --list-checks: id and title, by group. */
export function formatListing({ checks }: CheckListing): string {
  const width = Math.max(...checks.map(({ id }) => id.length));
  return checks.map(({ id, title }) => `${id.padEnd(width)}  ${title}\n`).join('');
}

/** What --fix --yes and --undo did. */
export function formatChanges({ changes }: { readonly changes: readonly ChangeResult[] }): string {
  if (changes.length === 0) return 'nothing to change\n';
  const value = (text: string | null): string =>
    text === null ? 'absent' : (text.trim().split('\n').at(-1) ?? '');
  return changes
    .map(({ path, outcome, before, after, why }) => {
      const moved = before === after ? value(after) : `${value(before)} -> ${value(after)}`;
      return `${outcome}: ${path}: ${moved}${why === undefined ? '' : ` (${why})`}\n`;
    })
    .join('');
}

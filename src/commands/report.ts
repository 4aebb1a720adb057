/** The run report as a person reads it. */
import type { RunReport } from '../engine/run/report.ts';
import { formatBytes, formatCount, formatDuration, formatRate } from '../units.ts';

/** One line for each subject, aligned; ends with a newline. */
export function formatReport(report: RunReport): string {
  const lines: [string, string][] = [
    ['read', readLine(report)],
    ['through', throughLine(report)],
    ['into', intoLine(report)],
    ['rows', rowsLine(report)],
    ['time', timeLine(report)],
    ['peak memory', formatBytes(report.peakMemoryBytes)],
    ...report.notes.map((note): [string, string] => ['note', note]),
  ];
  const told = lines.filter(([, text]) => text !== '');
  const width = Math.max(...told.map(([name]) => name.length));
  return told.map(([name, text]) => `${name.padStart(width)}  ${text}\n`).join('');
}

function readLine(report: RunReport): string {
  const speed =
    report.ms.io > 0 ? ` at ${formatRate((report.bytesRead / report.ms.io) * 1000)}` : '';
  return report.bytesRead === 0 ? '' : `${formatBytes(report.bytesRead)}${speed}`;
}

function throughLine(report: RunReport): string {
  if (report.backend === undefined) return '';
  const facts = [
    report.ringEntries === undefined ? '' : `ring of ${report.ringEntries}`,
    report.readsInFlight === undefined ? '' : `${report.readsInFlight} reads in flight`,
    report.blockBytes === undefined ? '' : `${formatBytes(report.blockBytes)} each`,
    report.direct ? 'O_DIRECT' : '',
    ...report.ringFlags,
    report.ringRefused.length === 0 ? '' : `without ${report.ringRefused.join(' and ')}`,
    report.fallbackReason === undefined ? '' : `because ${report.fallbackReason}`,
  ];
  return [report.backend, ...facts.filter((fact) => fact !== '')].join(', ');
}

function intoLine(report: RunReport): string {
  const kinds = {
    'hugetlb-1G': 'hugetlb pages of 1 GiB',
    'hugetlb-2M': 'hugetlb pages of 2 MiB',
    thp: 'transparent huge pages',
    plain: 'plain pages',
  };
  return report.pageKind === undefined ? '' : kinds[report.pageKind];
}

function rowsLine(report: RunReport): string {
  if (report.rowsRead === undefined) return '';
  const rejected = report.rowsRejected ?? 0;
  const suffix = rejected > 0 ? `, ${formatCount(rejected)} rejected` : '';
  return `${formatCount(report.rowsRead)}${suffix}`;
}

function timeLine(report: RunReport): string {
  const { total, ...phases } = report.ms;
  const parts = Object.entries(phases)
    .filter(([, ms]) => ms > 0)
    .map(([phase, ms]) => `${phase} ${formatDuration(ms)}`);
  return [`${formatDuration(total)} in all`, ...parts].join(', ');
}

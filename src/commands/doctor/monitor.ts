/** The doctor's report for machines that watch machines: monitoring plug-ins and node_exporter. */
import type { DoctorReport } from '../../engine/doctor/doctor.ts';
import type { Status } from '../../host/checks/finding.ts';

const STATES = ['OK', 'WARNING', 'CRITICAL', 'UNKNOWN'] as const;

/**
 * One line with performance data, then details: the format of the monitoring plug-ins. Their rule
 * is 'label'=value[UOM], with bytes as plain B and microseconds as us.
 */
export function formatNagios(report: DoctorReport): string {
  const performance = Object.entries(measuresOf(report)).map(
    ([name, value]) => `'${name}'=${plain(value)}${unitOf(name)}`,
  );
  const line = `NAIROBI ${STATES[report.exit]} - ${oneLine(report.verdict)}`;
  const details = report.findings
    .filter(({ status, muted }) => !muted && /^(?:warn|fail|unknown)$/.test(status))
    .map(({ id, status, found, cause }) =>
      oneLine(`${status} ${id}: ${found}${cause === undefined ? '' : ` (${cause})`}`),
    );
  return `${[`${line} | ${performance.join(' ')}`, ...details].join('\n')}\n`;
}

/** Perfdata starts at a "|", so none may stand in the text. */
function oneLine(text: string): string {
  return text.replaceAll('|', '/').replaceAll('\n', ' ');
}

function plain(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(3);
}

function unitOf(name: string): string {
  if (name.endsWith('_bytes')) return 'B';
  if (name.endsWith('_microseconds')) return 'us';
  return /_avg\d+$/.test(name) ? '%' : '';
}

function measuresOf(report: DoctorReport): Record<string, number> {
  const measures: Record<string, number> = {};
  for (const finding of report.findings) Object.assign(measures, finding.measures);
  return measures;
}

/** As numbers for alerts: higher is worse. */
const STATUS_VALUES: Readonly<Record<Status, number>> = {
  skip: 0,
  pass: 0,
  info: 0,
  warn: 1,
  fail: 2,
  unknown: 3,
};

/** The text format of Prometheus; without times, which the textfile collector refuses. */
export function formatMetrics(report: DoctorReport): string {
  const lines = [
    '# HELP nairobi_doctor_exit 0 able, 1 warnings with --strict, 2 not able, 3 could not tell.',
    '# TYPE nairobi_doctor_exit gauge',
    `nairobi_doctor_exit ${report.exit}`,
    '# HELP nairobi_doctor_check 0 fine, 1 warning, 2 failed, 3 unknown.',
    '# TYPE nairobi_doctor_check gauge',
    ...report.findings.map(
      ({ id, group, status }) =>
        `nairobi_doctor_check{id="${id}",group="${group}"} ${STATUS_VALUES[status]}`,
    ),
  ];
  for (const [name, value] of Object.entries(measuresOf(report))) {
    lines.push(`# TYPE nairobi_doctor_${name} gauge`, `nairobi_doctor_${name} ${plain(value)}`);
  }
  return `${lines.join('\n')}\n`;
}

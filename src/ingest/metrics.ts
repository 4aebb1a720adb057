/**
 * A run as an OpenMetrics text file for node_exporter's textfile collector: replaced in one step,
 * and without timestamps, with which the collector would skip the file.
 */

import { replaceFile } from './commit/durable.ts';
import { newRunId } from './targets/layout.ts';

export interface RunMetrics {
  readonly target: string;
  readonly success: boolean;
  readonly exitCode: number;
  readonly seconds: number;
  readonly rowsRead: number;
  readonly rowsWritten: number;
  readonly rowsRejected: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
}

type Line = readonly [name: string, help: string, value: number];

const label = (text: string): string =>
  text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');

/** The text; `lastSuccess` is kept from the run before when this one failed. */
export function metricsText(run: RunMetrics, lastSuccess: number | undefined): string {
  const lines: Line[] = [
    ['exit_code', 'Exit code of the last run', run.exitCode],
    ['duration_seconds', 'How long the last run took', run.seconds],
    ['rows_read', 'Rows the last run read', run.rowsRead],
    ['rows_written', 'Rows the last run wrote', run.rowsWritten],
    ['rows_rejected', 'Rows the last run rejected', run.rowsRejected],
    ['read_bytes', 'Bytes the last run read', run.bytesRead],
    ['written_bytes', 'Bytes the last run wrote', run.bytesWritten],
  ];
  if (lastSuccess !== undefined) {
    lines.push(['last_success_timestamp_seconds', 'When a run last succeeded', lastSuccess]);
  }
  const target = `{target="${label(run.target)}"}`;
  const text = lines.map(([name, help, value]) => {
    const full = `nairobi_ingest_${name}`;
    return `# HELP ${full} ${help}\n# TYPE ${full} gauge\n${full}${target} ${value}\n`;
  });
  return `${text.join('')}# EOF\n`;
}

/** Replaces `path`, readable for the collector. */
export function writeMetrics(path: string, run: RunMetrics, before: string | undefined): void {
  const known = /last_success_timestamp_seconds\{[^}]*\} (\d+)/.exec(before ?? '')?.[1];
  const last = run.success
    ? Math.floor(Date.now() / 1000)
    : known === undefined
      ? undefined
      : Number(known);
  replaceFile(path, Buffer.from(metricsText(run, last)), newRunId());
}

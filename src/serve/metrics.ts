/**
 * The daemon in numbers, as OpenMetrics text: for node_exporter's textfile collector, which reads
 * a file that is replaced in one step.
 */
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { messageOf, NairobiError } from '../errors.ts';

/** What Status answers, as far as it is numbers. */
export interface Figures {
  readonly uptimeSeconds: number;
  readonly clients: number;
  readonly requests: number;
  readonly failures: number;
  readonly workers: { readonly [name: string]: number };
  readonly memory: { readonly [name: string]: number };
  readonly datasets: { readonly [name: string]: number };
}

type Line = readonly [name: string, type: 'gauge' | 'counter', help: string, value: number];

export function metricsText(figures: Figures): string {
  const { workers, memory, datasets } = figures;
  const lines: Line[] = [
    ['uptime_seconds', 'gauge', 'How long the daemon runs', figures.uptimeSeconds],
    ['clients', 'gauge', 'Clients that are connected', figures.clients],
    ['requests', 'counter', 'Requests since the start', figures.requests],
    ['failures', 'counter', 'Requests that were answered with an error', figures.failures],
    ['workers', 'gauge', 'Processes that compute', workers['all'] ?? 0],
    ['workers_busy', 'gauge', 'Processes at work', workers['busy'] ?? 0],
    [
      'workers_ended',
      'counter',
      'Processes that were ended with what they did',
      workers['ended'] ?? 0,
    ],
    ['requests_queued', 'gauge', 'Requests that wait for a process', workers['queued'] ?? 0],
    ['memory_limit_bytes', 'gauge', 'What rows may take', memory['limitBytes'] ?? 0],
    ['memory_held_bytes', 'gauge', 'What rows take', memory['heldBytes'] ?? 0],
    ['memory_computing_bytes', 'gauge', 'What the workers take', memory['computingBytes'] ?? 0],
    ['memory_own_bytes', 'gauge', 'What the daemon itself takes', memory['ownBytes'] ?? 0],
    ['datasets', 'gauge', 'Datasets in memory', datasets['inMemory'] ?? 0],
    ['evictions', 'counter', 'Datasets that made room for others', datasets['evictions'] ?? 0],
  ];
  const text = lines.map(([name, type, help, value]) => {
    const full = `nairobi_serve_${name}`;
    const sample = type === 'counter' ? `${full}_total` : full;
    return `# HELP ${full} ${help}\n# TYPE ${full} ${type}\n${sample} ${value}\n`;
  });
  return `${text.join('')}# EOF\n`;
}

/** Replaces `path`. Not synced to the disk: after a power cut there is nothing to tell anyway. */
export function writeMetrics(path: string, figures: Figures): void {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    writeFileSync(temporary, metricsText(figures), { mode: 0o644 });
    renameSync(temporary, path);
  } catch (cause) {
    rmSync(temporary, { force: true });
    throw new NairobiError('IO', `Cannot write the metrics: ${messageOf(cause)}`, {
      where: { file: path },
      cause,
    });
  }
}

/** What `nairobi serve --status` prints. */
import type { JsonObject } from '../client/protocol.ts';
import { renderTable } from '../render/table.ts';
import { formatBytes, formatCount, formatDuration, milliseconds } from '../units.ts';

interface Status {
  readonly version: string;
  readonly pid: number;
  readonly uptimeSeconds: number;
  readonly clients: number;
  readonly requests: number;
  readonly failures: number;
  readonly workers: { readonly busy: number; readonly all: number; readonly queued: number };
  readonly memory: {
    readonly heldBytes: number;
    readonly limitBytes: number;
    readonly computingBytes: number;
    readonly ownBytes: number;
  };
}

interface Listed {
  readonly dataset: string;
  readonly path: string;
  readonly inMemory: boolean;
  readonly rows?: number;
  readonly bytes?: number;
  readonly requests: number;
}

/** A few lines about the daemon, then a table of what it holds. */
export function statusText(status: JsonObject, list: JsonObject, socket: string): string {
  const said = status as unknown as Status;
  const datasets = (list as unknown as { readonly datasets: readonly Listed[] }).datasets;
  const { workers, memory } = said;
  const uptime = formatDuration(milliseconds(said.uptimeSeconds * 1000));
  const lines = [
    `nairobi ${said.version}, process ${said.pid}, up ${uptime}, at ${socket}`,
    `${formatCount(said.requests)} requests, ${formatCount(said.failures)} of them failed; ` +
      `${said.clients} clients connected`,
    `${workers.busy} of ${workers.all} workers busy, ${workers.queued} requests waiting`,
    `${formatBytes(memory.heldBytes)} of ${formatBytes(memory.limitBytes)} held, ` +
      `${formatBytes(memory.computingBytes + memory.ownBytes)} for computing`,
  ];
  const rows = datasets.map((one) => [
    one.dataset,
    one.inMemory ? formatCount(one.rows ?? 0) : null,
    one.inMemory ? formatBytes(one.bytes ?? 0) : null,
    formatCount(one.requests),
    one.path,
  ]);
  const table = renderTable(
    {
      names: ['dataset', 'rows', 'memory', 'requests', 'source'],
      types: ['', '', '', '', ''],
      numeric: [false, true, true, true, false],
      rows,
      head: rows.length,
      tail: 0,
      total: rows.length,
    },
    { color: false },
  );
  return `${lines.join('\n')}\n${rows.length === 0 ? '' : table}`;
}

/** nairobi serve: keeps data in memory and answers programs. */
import * as Flags from '@oclif/core/flags';
import { Connection } from '../client/connection.ts';
import type { JsonObject } from '../client/protocol.ts';
import { socketPath } from '../client/socket-path.ts';
import { messageOf } from '../errors.ts';
import { notify, watchdogMs } from '../ingest/notify.ts';
import { type Figures, writeMetrics } from '../serve/metrics.ts';
import { runDaemon } from '../serve/run.ts';
import { milliseconds } from '../units.ts';
import { BaseCommand, durationFlag, sizeFlag } from './base.ts';
import { statusText } from './serve-text.ts';

const HOUR = milliseconds(3_600_000);

/** Collectors look every 15 s or less often. */
const METRICS_MS = 10_000;

export default class Serve extends BaseCommand {
  static override summary = 'Keep data in memory and answer programs over a socket';

  static override description =
    'Sources are read once and held as sealed files in memory; queries, figures and charts of them are computed by processes that are warm. Programs speak to it as docs/serve.md says.';

  static override examples = [
    { description: 'For this user', command: '<%= config.bin %> serve' },
    { description: 'What it holds', command: '<%= config.bin %> serve --status' },
    {
      description: 'With at most 2 GiB of memory, at a place of its own',
      command: '<%= config.bin %> serve --memory-limit 2GiB --socket /tmp/lab/socket',
    },
  ];

  static override flags = {
    socket: Flags.string({
      summary: 'Where to listen (default: $XDG_RUNTIME_DIR/nairobi/socket, or /run/nairobi)',
      helpValue: 'PATH',
      env: 'NAIROBI_SOCKET',
    }),
    bus: Flags.option({ options: ['auto', 'session', 'system', 'none'] as const })({
      summary: 'Also answer on this D-Bus, as org.nairobi.Refinery1',
      helpValue: 'BUS',
      default: 'auto',
    }),
    workers: Flags.integer({
      summary: 'Processes that compute, one request each (default: the CPUs, from 2 to 8)',
      helpValue: 'N',
      min: 1,
      max: 64,
    }),
    'client-memory': sizeFlag({
      summary: 'Rows one client may hold, and memory one request may take (default: all there is)',
    }),
    'allow-path': Flags.string({
      summary: 'Read sources below this directory only, whatever links say; may be given again',
      helpValue: 'DIR',
      multiple: true,
      multipleNonGreedy: true,
    }),
    metrics: Flags.string({
      summary: 'Keep an OpenMetrics file up to date here, for node_exporter',
      helpValue: 'FILE',
    }),
    status: Flags.boolean({
      summary: 'Say how the daemon is that listens there, and what it holds',
      exclusive: ['workers', 'request-timeout', 'allow-path', 'client-memory', 'metrics'],
    }),
    'request-timeout': durationFlag({
      summary: 'The longest a request may take',
      default: HOUR,
      defaultHelp: async () => '1h',
    }),
  };

  /** Ends with the process, or throws why it cannot serve. */
  async run(): Promise<JsonObject> {
    const { flags } = await this.parse(Serve);
    const socket = flags.socket ?? socketPath();
    if (flags.status) return this.#status(socket);
    const { name, version } = this.config;
    return runDaemon({
      host: this.hostOptions(flags),
      socket,
      bus: flags.bus,
      workers: flags.workers,
      clientMemory: flags['client-memory'],
      requestMs: flags['request-timeout'],
      program: { name, version },
      allowed: flags['allow-path'] ?? [],
      onReady: (figures) => {
        this.#report(flags.metrics, figures);
        notify('READY=1');
        this.note(`serving at ${socket}`);
      },
      onStopping: () => notify('STOPPING=1'),
      log: (text) => this.note(text),
    });
  }

  /** Keeps the file of metrics up to date, and tells systemd that we are alive. */
  #report(metrics: string | undefined, figures: () => Figures): void {
    if (metrics !== undefined) {
      const write = (): void => writeMetrics(metrics, figures());
      write();
      setInterval(() => {
        try {
          write();
        } catch (error) {
          this.note(messageOf(error));
        }
      }, METRICS_MS).unref();
    }
    const beat = watchdogMs();
    if (beat !== undefined) setInterval(() => notify('WATCHDOG=1'), beat).unref();
  }

  async #status(socket: string): Promise<JsonObject> {
    using connection = Connection.open(socket, `nairobi/${this.config.version}`);
    const [status, list] = await Promise.all([
      connection.request('Status'),
      connection.request('List'),
    ]);
    const found = { ...status.result, ...list.result, socket };
    if (!this.jsonEnabled()) process.stdout.write(statusText(status.result, list.result, socket));
    return found;
  }
}

/** What every command shares: the flags about the host, the report, JSON, notes on stderr. */
import { isatty } from 'node:tty';
import { isMainThread } from 'node:worker_threads';
import { Command } from '@oclif/core/command';
import * as Flags from '@oclif/core/flags';
import {
  DIRECT_CHOICES,
  type DirectChoice,
  type HostOptions,
  IO_CHOICES,
  type IoChoice,
} from '../engine/options.ts';
import { Overseer } from '../engine/run/overseer.ts';
import { ERASE_LINE } from '../engine/run/progress.ts';
import { Reporter } from '../engine/run/report.ts';
import { assert, NairobiError } from '../errors.ts';
import { THREADS_MAX } from '../limits.ts';
import {
  type Bytes,
  formatDuration,
  type Milliseconds,
  parseDuration,
  parseSize,
} from '../units.ts';
import { failureText } from './failure.ts';
import { toJsonText } from './json.ts';
import { runCommand } from './program.ts';

/** A size such as 512MiB. */
export const sizeFlag = Flags.custom<Bytes>({
  parse: async (text) => parseSize(text),
  helpValue: 'SIZE',
});

/** A duration such as 30s. */
export const durationFlag = Flags.custom<Milliseconds>({
  parse: async (text) => parseDuration(text),
  helpValue: 'TIME',
});

const HOST = 'HOST';
const OUTPUT = 'OUTPUT';

interface ParsedHostFlags {
  readonly 'memory-limit'?: Bytes | undefined;
  readonly threads?: number | undefined;
  readonly cpus?: string | undefined;
  readonly io: IoChoice;
  readonly direct: DirectChoice;
  readonly timeout?: Milliseconds | undefined;
  readonly progress?: 'auto' | 'json' | 'never';
}

/** Done in part, as --on-error allowed: docs/ARCHITECTURE.md. */
const PARTIAL_EXIT = 5;

export abstract class BaseCommand extends Command {
  static override enableJsonFlag = true;

  static override baseFlags = {
    quiet: Flags.boolean({
      char: 'q',
      summary: 'Print no notes and no progress on stderr; errors still are',
      helpGroup: OUTPUT,
    }),
    report: Flags.boolean({
      summary: 'Say on stderr what was read, how, and what it cost',
      helpGroup: OUTPUT,
    }),
    'memory-limit': sizeFlag({
      summary: 'Stay below this much memory, or stop with exit code 4 (default: what is free)',
      helpGroup: HOST,
      env: 'NAIROBI_MEMORY_LIMIT',
    }),
    threads: Flags.integer({
      summary: 'Threads to compute with (default: the CPUs this process may use)',
      helpGroup: HOST,
      helpValue: 'N',
      min: 1,
      max: THREADS_MAX,
    }),
    cpus: Flags.string({
      summary: 'Run on these CPUs only, such as 0,2-3',
      helpGroup: HOST,
      helpValue: 'LIST',
    }),
    io: Flags.option({ options: IO_CHOICES })({
      summary:
        'How to read: io_uring, with a polling thread (sqpoll) or device (iopoll), or slower ways',
      helpGroup: HOST,
      helpValue: 'WAY',
      default: 'auto',
      env: 'NAIROBI_IO',
    }),
    direct: Flags.option({ options: DIRECT_CHOICES })({
      summary: 'Read past the page cache (O_DIRECT); auto: when the file is not in it',
      helpGroup: HOST,
      helpValue: 'WHEN',
      default: 'auto',
    }),
    timeout: durationFlag({
      summary: 'Give up after this long, with exit code 124',
      helpGroup: HOST,
    }),
  };

  /** What runs a command as the program: in the command's own file of the bundle. */
  static readonly runner = runCommand;

  /** Collects what the run cost: hand it to the engine. */
  protected readonly reporter = new Reporter();
  readonly #overseer = new Overseer((error) => {
    const text = failureText(error, this.jsonEnabled());
    return takesProgress() && !this.jsonEnabled() ? ERASE_LINE + text : text;
  });
  #quiet = false;
  #report = false;

  /**
   * What the shared flags mean to the engine; call it once, on what `this.parse` returned. Starts
   * --timeout.
   */
  protected hostOptions(flags: ParsedHostFlags & { quiet: boolean; report: boolean }): HostOptions {
    this.#quiet = flags.quiet;
    this.#report = flags.report;
    if (flags.progress === 'json') this.reporter.progress.allow('json');
    if (flags.progress === 'auto' && !flags.quiet && takesProgress()) {
      this.reporter.progress.allow('line');
    }
    this.reporter.onRemark = (text) => this.note(text);
    if (isMainThread) {
      this.reporter.failureText = (error) => failureText(error, this.jsonEnabled());
    }
    if (flags.timeout !== undefined) this.#startDeadline(flags.timeout);
    return {
      memoryLimit: flags['memory-limit'],
      threads: flags.threads,
      cpus: flags.cpus,
      io: flags.io,
      direct: flags.direct,
      // In a thread of the daemon nothing may end the process.
      ...(isMainThread ? { overseer: this.#overseer } : {}),
    };
  }

  /** Runs the command as the program does: parse, work, print. Throws what went wrong. */
  async execute(): Promise<void> {
    try {
      await this._run();
    } finally {
      this.reporter.progress[Symbol.dispose]();
      this.#overseer[Symbol.dispose]();
    }
    for (const remark of this.reporter.remarks) this.note(remark);
    if (this.reporter.rejection !== undefined) {
      this.note(this.reporter.rejection);
      this.endWith(PARTIAL_EXIT);
    }
    if (this.#report && !this.jsonEnabled()) {
      const { formatReport } = await import('./report.ts');
      process.stderr.write(formatReport(this.reporter.finish()));
    }
  }

  /** A remark for the person at the terminal: stderr, not with --quiet, not with --json. */
  protected note(text: string): void {
    if (this.#quiet || this.jsonEnabled()) return;
    this.reporter.progress[Symbol.dispose]();
    process.stderr.write(this.noteLine(text));
  }

  /** A remark as stderr gets it. */
  protected noteLine(text: string): string {
    return `nairobi: ${text}\n`;
  }

  /** Ends with `code` although the result was printed, as `doctor` and --on-error do. */
  protected endWith(code: number): void {
    process.exitCode = code;
  }

  #startDeadline(timeout: Milliseconds): void {
    const error = new NairobiError('TIMEOUT', `Gave up after ${formatDuration(timeout)}`, {
      hint: 'pass a longer --timeout, or ask for less',
    });
    this.#overseer.endAfter(timeout, error);
  }

  protected override catch(error: Error): Promise<never> {
    return Promise.reject(error);
  }

  protected override toSuccessJson(result: unknown): unknown {
    assert(typeof result === 'object' && result !== null, 'a command returns an object');
    return { ...result, report: this.reporter.finish() };
  }

  protected override logJson(json: unknown): void {
    this.reporter.progress[Symbol.dispose]();
    process.stdout.write(`${toJsonText(json)}\n`);
  }
}

/** A terminal that knows how to erase a line; the daemon's is not that of who asks. */
function takesProgress(): boolean {
  return isMainThread && isatty(2) && process.env['TERM'] !== 'dumb';
}

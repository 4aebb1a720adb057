/** nairobi doctor: what this host can do, why not, and how to mend it. */
import { type DoctorReport, examine } from '../engine/doctor/doctor.ts';
import {
  applyFixes,
  defaultJournal,
  fixScript,
  planFixes,
  undoFixes,
} from '../engine/doctor/fix.ts';
import type { CommandLine } from '../engine/doctor/for.ts';
import { captureHost, listChecks } from '../engine/doctor/output.ts';
import { NairobiError } from '../errors.ts';
import { writeWhole } from '../formats/write.ts';
import { BaseCommand } from './base.ts';
import { DOCTOR_FLAGS } from './doctor/flags.ts';
import { formatMetrics, formatNagios } from './doctor/monitor.ts';
import { formatChanges, formatDoctor, formatListing } from './doctor/text.ts';

export default class Doctor extends BaseCommand {
  static override summary = 'Test what works on this host, say why not, and how to mend it';

  static override description =
    'Each thing is tried, not guessed at; a refusal is explained by its real cause. Exit codes are those of monitoring plug-ins: 0 able, 1 able with warnings (only with --strict), 2 not able, 3 could not tell.';

  static override examples = [
    { description: 'The whole report', command: 'nairobi doctor' },
    { description: 'Why io_uring does not work', command: 'nairobi doctor --only io_uring' },
    {
      description: 'Will this work here, tonight, from cron?',
      command: 'nairobi doctor --for "stats package.json" --only runtime',
    },
    { description: 'For a monitoring system', command: 'nairobi doctor --nagios --strict' },
    { description: 'A script that mends what can be mended', command: 'nairobi doctor --fix' },
  ];

  /** The doctor reads no data: the flags about reading do not apply. */
  static override baseFlags = {} as never;

  static override flags = DOCTOR_FLAGS;

  /** True once everything has gone to standard output already. */
  #printed = false;

  async run(): Promise<object> {
    const { flags } = await this.parse(Doctor);
    const only = flags.only ?? [];
    if (flags['list-checks']) return this.#tell(listChecks(only), formatListing);
    if (flags.watch) return this.#watch(flags.interval, flags.count);
    if (flags.bench !== undefined) return this.#bench(flags.bench);
    if (flags.undo) {
      return this.#tell({ changes: undoFixes(defaultJournal(process.env)) }, formatChanges);
    }
    if (flags.capture !== undefined) {
      const captured = await captureHost(flags.capture, flags.timeout);
      return this.#tell(captured, ({ file, bytes }) => `${file}: ${bytes} bytes\n`);
    }
    const report = await examine({
      rootPrefix: flags['root-prefix'],
      only,
      ignore: flags.ignore ?? [],
      forCommand: flags.for === undefined ? undefined : await this.#lineOf(flags.for),
      strict: flags.strict,
      timeoutMs: flags.timeout,
    });
    if (flags.metrics !== undefined) writeWhole(flags.metrics, Buffer.from(formatMetrics(report)));
    if (flags.fix) return this.#mend(report, only, flags);
    this.endWith(report.exit);
    if (flags.quiet && report.ability === 'able') return report;
    if (flags.nagios) return this.#tell(report, formatNagios);
    const { env, stdout } = process;
    const colour = stdout.isTTY === true && env['NO_COLOR'] === undefined;
    const locale = env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'] || 'C';
    const ascii = stdout.isTTY === true && !/utf-?8/i.test(locale);
    const { verbose } = flags;
    return this.#tell(report, (one) => formatDoctor(one, { colour, ascii, verbose }));
  }

  async #lineOf(text: string): Promise<CommandLine> {
    const { readCommandLine } = await import('./doctor/for.ts');
    // Parsing makes the words the command's own: those of the doctor are put back.
    const own = this.argv;
    try {
      return await readCommandLine(text, (command, words) => this.parse(command as never, words));
    } finally {
      this.argv = own;
    }
  }

  async #bench(path: string): Promise<object> {
    const [{ bench }, { formatBench }] = await Promise.all([
      import('../engine/doctor/bench.ts'),
      import('./doctor/bench.ts'),
    ]);
    return this.#tell(await bench(path), formatBench);
  }

  /** Each row is printed as it comes; with --json as one object a line. */
  async #watch(intervalMs: number, count: number | undefined): Promise<object> {
    const [{ watch }, { formatRow }] = await Promise.all([
      import('../engine/doctor/watch.ts'),
      import('./doctor/watch.ts'),
    ]);
    let given = 0;
    for await (const row of watch({ intervalMs, count })) {
      const text = this.jsonEnabled() ? `${JSON.stringify(row)}\n` : formatRow(row, given);
      process.stdout.write(text);
      given += 1;
    }
    this.#printed = true;
    return { rows: given };
  }

  #mend(
    report: DoctorReport,
    only: readonly string[],
    flags: { yes: boolean; persistent: boolean; 'root-prefix': string },
  ): object {
    const planned = planFixes(report.findings, only);
    if (!flags.yes) return this.#tell({ script: fixScript(planned) }, ({ script }) => script);
    if (flags['root-prefix'] !== '/') {
      throw new NairobiError('USAGE', 'A captured host cannot be mended from here', {
        hint: 'leave --yes out for a script, and run it there',
      });
    }
    const journal = defaultJournal(process.env);
    const changes = applyFixes(planned, { persistent: flags.persistent, root: '/', journal });
    if (changes.some(({ outcome }) => outcome === 'refused')) this.endWith(2);
    return this.#tell({ changes }, formatChanges);
  }

  #tell<T extends object>(result: T, format: (result: T) => string): T {
    if (!this.jsonEnabled()) process.stdout.write(format(result));
    return result;
  }

  protected override toSuccessJson(result: unknown): unknown {
    return result;
  }

  protected override logJson(json: unknown): void {
    if (!this.#printed) super.logJson(json);
  }
}

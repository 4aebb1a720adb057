/** nairobi doctor: what this host can do, why not, and how to mend it. */
import * as Flags from '@oclif/core/flags';
import { type DoctorReport, examine } from '../engine/doctor.ts';
import {
  applyFixes,
  defaultJournal,
  fixScript,
  planFixes,
  undoFixes,
} from '../engine/doctor-fix.ts';
import { captureHost, listChecks, writeWhole } from '../engine/doctor-output.ts';
import { NairobiError } from '../errors.ts';
import { milliseconds } from '../units.ts';
import { BaseCommand, durationFlag } from './base.ts';
import { formatMetrics, formatNagios } from './doctor-monitor.ts';
import { formatChanges, formatDoctor, formatListing } from './doctor-text.ts';

const WHAT = 'WHAT IS LOOKED AT';
const FORM = 'FORM OF THE REPORT';
const MENDING = 'MENDING';

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

  static override flags = {
    only: Flags.string({
      summary: 'Run only this check or group; may be given again',
      helpValue: 'ID',
      helpGroup: WHAT,
      multiple: true,
    }),
    ignore: Flags.string({
      summary: 'List this check or group, but leave it out of the verdict; may be given again',
      helpValue: 'ID',
      helpGroup: WHAT,
      multiple: true,
    }),
    for: Flags.string({
      summary: 'Judge by what this command line needs, such as "query data.csv"',
      helpValue: 'COMMAND',
      helpGroup: WHAT,
    }),
    strict: Flags.boolean({
      summary: 'End with exit code 1 when there are warnings',
      helpGroup: WHAT,
    }),
    timeout: durationFlag({
      summary: 'What has not answered after this long has timed out',
      helpGroup: WHAT,
      default: async () => milliseconds(5000),
      defaultHelp: async () => '5s',
    }),
    'root-prefix': Flags.string({
      summary: 'Examine a captured host instead: a directory, or a file made with --capture',
      helpValue: 'PATH',
      helpGroup: WHAT,
      default: '/',
    }),
    'list-checks': Flags.boolean({ summary: 'List the checks', helpGroup: FORM }),
    verbose: Flags.boolean({
      char: 'v',
      summary: 'Show skipped checks, links, and how to mend what is merely worth knowing',
      helpGroup: FORM,
    }),
    nagios: Flags.boolean({
      summary: 'One line with performance data, as monitoring plug-ins print it',
      helpGroup: FORM,
      exclusive: ['json', 'fix', 'list-checks'],
    }),
    metrics: Flags.string({
      summary: 'Write the result as Prometheus metrics to this file, too',
      helpValue: 'FILE.prom',
      helpGroup: FORM,
    }),
    capture: Flags.string({
      summary: 'Keep what the checks read in this file, for --root-prefix elsewhere',
      helpValue: 'FILE.tar.gz',
      helpGroup: FORM,
    }),
    fix: Flags.boolean({
      summary: 'Print a script that mends what was found',
      helpGroup: MENDING,
    }),
    yes: Flags.boolean({
      summary: 'Apply what can be taken back; note it for --undo',
      helpGroup: MENDING,
      dependsOn: ['fix'],
    }),
    persistent: Flags.boolean({
      summary: 'With --yes: write the drop-in files for later boots, too',
      helpGroup: MENDING,
      dependsOn: ['yes'],
    }),
    undo: Flags.boolean({
      summary: 'Take back what --fix --yes changed',
      helpGroup: MENDING,
      exclusive: ['fix', 'capture', 'nagios'],
    }),
  };

  async run(): Promise<object> {
    const { flags } = await this.parse(Doctor);
    const only = flags.only ?? [];
    if (flags['list-checks']) return this.#tell(listChecks(only), formatListing);
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
      forCommand: flags.for,
      strict: flags.strict,
      timeoutMs: flags.timeout,
    });
    if (flags.metrics !== undefined) writeWhole(flags.metrics, formatMetrics(report));
    if (flags.fix) return this.#mend(report, only, flags);
    this.endWith(report.exit);
    if (flags.nagios) return this.#tell(report, formatNagios);
    const colour = process.stdout.isTTY === true && process.env['NO_COLOR'] === undefined;
    return this.#tell(report, (one) => formatDoctor(one, { colour, verbose: flags.verbose }));
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
}

/** nairobi doctor: what this host can do, why not, and how to mend it. */
import * as Flags from '@oclif/core/flags';
import { type DoctorReport, examine } from '../engine/doctor.ts';
import { milliseconds } from '../units.ts';
import { BaseCommand, durationFlag } from './base.ts';
import { formatDoctor } from './doctor-text.ts';

export default class Doctor extends BaseCommand {
  static override summary = 'Test what works on this host, say why not, and how to mend it';

  static override description =
    'Exit codes are those of monitoring plug-ins: 0 able, 1 able with warnings (only with --strict), 2 not able, 3 could not tell.';

  static override examples = [
    { description: 'The whole report', command: 'nairobi doctor' },
    { description: 'One group of checks', command: 'nairobi doctor --only io_uring' },
  ];

  /** A doctor reads no data: the flags about reading do not apply. */
  static override baseFlags = {} as never;

  static override flags = {
    only: Flags.string({
      summary: 'Run only this check or group',
      helpValue: 'ID',
      multiple: true,
      default: [],
    }),
    ignore: Flags.string({
      summary: 'List this check or group, but leave it out of the verdict',
      helpValue: 'ID',
      multiple: true,
      default: [],
    }),
    for: Flags.string({
      summary: 'Judge by what this command line needs, such as "query data.csv"',
      helpValue: 'COMMAND',
    }),
    timeout: durationFlag({
      summary: 'What has not answered after this long has timed out',
      default: async () => milliseconds(5000),
      defaultHelp: async () => '5s',
    }),
    strict: Flags.boolean({ summary: 'End with exit code 1 when there are warnings' }),
    verbose: Flags.boolean({
      char: 'v',
      summary: 'Show skipped checks, links, and how to mend what is merely worth knowing',
    }),
    'root-prefix': Flags.string({
      summary: 'Examine the host captured below this directory instead of this one',
      helpValue: 'DIR',
      default: '/',
    }),
  };

  async run(): Promise<DoctorReport> {
    const { flags } = await this.parse(Doctor);
    const report = await examine({
      rootPrefix: flags['root-prefix'],
      only: flags.only,
      ignore: flags.ignore,
      strict: flags.strict,
      forCommand: flags.for,
      timeoutMs: flags.timeout,
    });
    if (!this.jsonEnabled()) {
      const colour = process.stdout.isTTY === true && process.env['NO_COLOR'] === undefined;
      process.stdout.write(formatDoctor(report, { colour, verbose: flags.verbose }));
    }
    this.endWith(report.exit);
    return report;
  }

  protected override toSuccessJson(result: unknown): unknown {
    return result;
  }
}

/** The flags of nairobi doctor. */
import * as Flags from '@oclif/core/flags';
import { milliseconds } from '../../units.ts';
import { durationFlag } from '../base.ts';

const WHAT = 'WHAT IS LOOKED AT';
const FORM = 'FORM OF THE REPORT';
const MENDING = 'MENDING';

export const DOCTOR_FLAGS = {
  only: Flags.string({
    summary: 'Run only this check or group; may be given again',
    helpValue: 'ID',
    helpGroup: WHAT,
    multiple: true,
    multipleNonGreedy: true,
  }),
  ignore: Flags.string({
    summary: 'List this check or group, but leave it out of the verdict; may be given again',
    helpValue: 'ID',
    helpGroup: WHAT,
    multiple: true,
    multipleNonGreedy: true,
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
  watch: Flags.boolean({
    summary: 'Show pressure, disks, huge pages and our running jobs, again and again',
    helpGroup: FORM,
    exclusive: ['fix', 'nagios', 'capture', 'undo'],
  }),
  bench: Flags.string({
    summary: 'Measure the ways of reading on this file, or on one made in this directory',
    helpValue: 'FILE|DIR',
    helpGroup: FORM,
    exclusive: ['fix', 'nagios', 'capture', 'undo', 'watch'],
  }),
  interval: durationFlag({
    summary: 'Time between two looks of --watch',
    helpGroup: FORM,
    default: async () => milliseconds(1000),
    defaultHelp: async () => '1s',
  }),
  count: Flags.integer({
    summary: 'End --watch after this many looks',
    helpValue: 'N',
    helpGroup: FORM,
    min: 1,
  }),
  quiet: Flags.boolean({
    char: 'q',
    summary: 'Print nothing when all is well: for cron',
    helpGroup: FORM,
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

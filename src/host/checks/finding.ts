/** What a check says: the shape that every form of the report (text, JSON, Nagios...) prints. */
import type { Facts } from '../facts.ts';

export const GROUPS = [
  'kernel',
  'io_uring',
  'memory',
  'cpu',
  'storage',
  'render',
  'ipc',
  'runtime',
  'data',
] as const;
export type Group = (typeof GROUPS)[number];

/**
 * pass: works. info: worth knowing, nothing to mend. warn: works less well than it could.
 * fail: what was asked for will not work. unknown: could not tell. skip: does not apply here.
 */
export type Status = 'pass' | 'info' | 'warn' | 'fail' | 'unknown' | 'skip';

/**
 * One change of a fix. Only "sysctl", "write" and "file" can be applied and undone by --fix --yes.
 */
export type Action =
  | {
      readonly kind: 'sysctl';
      readonly key: string;
      readonly value: number;
      /** A limit is only ever raised: a higher value already there is left alone. */
      readonly raiseOnly: boolean;
    }
  /** A value written to a file of /sys; `raiseOnly` as above. */
  | {
      readonly kind: 'write';
      readonly path: string;
      readonly value: string;
      readonly raiseOnly: boolean;
    }
  | { readonly kind: 'file'; readonly path: string; readonly content: string }
  /** A command printed for a person: container flags, packages, boot options, group membership. */
  | { readonly kind: 'command'; readonly command: string }
  | { readonly kind: 'note'; readonly text: string };

export type FixPlace = 'host' | 'docker' | 'podman' | 'kubernetes' | 'systemd' | 'wsl' | 'lxc';

export interface Fix {
  /** now: until the next boot. persistent: from then on. start: at the program's next start. */
  readonly when: 'now' | 'persistent' | 'start';
  readonly place: FixPlace;
  /** Needs root on the machine named by `place`. */
  readonly root: boolean;
  readonly actions: readonly Action[];
}

export interface Verdict {
  readonly status: Status;
  /** What was found, one line. */
  readonly found: string;
  /** What is needed and for what; absent when all is well. */
  readonly needed?: string;
  /** The true cause of a refusal, with the evidence. */
  readonly cause?: string;
  readonly fixes?: readonly Fix[];
  /** What running as root, or outside the container, would add to this answer. */
  readonly rootAdds?: string;
  /** Numbers for monitoring: name to value, with the unit in the name. */
  readonly measures?: Readonly<Record<string, number>>;
}

export interface Check {
  /** Stable: scripts, --only and --ignore name it. "group.subject". */
  readonly id: string;
  readonly group: Group;
  /** What is looked at, for --list-checks. */
  readonly title: string;
  judge(facts: Facts): Verdict;
}

/** A fix with the lines a person types for it. */
export interface TypedFix extends Fix {
  readonly commands: readonly string[];
}

export interface Finding extends Omit<Verdict, 'fixes'> {
  readonly fixes: readonly TypedFix[];
  readonly id: string;
  readonly group: Group;
  readonly title: string;
  readonly docs: string;
  /** --ignore: listed, and left out of the verdict. */
  readonly muted: boolean;
  /** --for: a warning here means that what was asked for will not work. */
  readonly required: boolean;
}

/** The page that explains a check; anchors are made of the id, as Markdown renderers do. */
export function docsOf(id: string): string {
  return `docs/doctor.md#${id.replace(/[^a-z0-9_]+/g, '')}`;
}

/** A sysctl now and from the next boot on, in the drop-in file that our kit ships. */
export function sysctlFixes(key: string, value: number, raiseOnly: boolean): Fix[] {
  return [
    {
      when: 'now',
      place: 'host',
      root: true,
      actions: [{ kind: 'sysctl', key, value, raiseOnly }],
    },
    {
      when: 'persistent',
      place: 'host',
      root: true,
      actions: [
        {
          kind: 'file',
          path: `/etc/sysctl.d/60-nairobi-${key.replace(/^.*\./, '').replaceAll('_', '-')}.conf`,
          content: `# written by nairobi doctor\n${key} = ${value}\n`,
        },
      ],
    },
  ];
}

export function commandFix(
  when: Fix['when'],
  place: FixPlace,
  root: boolean,
  ...commands: readonly string[]
): Fix {
  return { when, place, root, actions: commands.map((command) => ({ kind: 'command', command })) };
}

/** A fix as the lines a person types, and the first thing to do of a whole report. */
import type { Action, Finding, Fix, Status } from './finding.ts';

/** The commands of a fix, in order. Those that need root are written as root would type them. */
export function commandsOf(fix: Fix): string[] {
  return fix.actions.map(commandOf);
}

function commandOf(action: Action): string {
  switch (action.kind) {
    case 'sysctl':
      return `sysctl -w ${action.key}=${action.value}`;
    case 'write':
      return `echo ${action.value} > ${action.path}`;
    case 'file': {
      const line = action.content.trim().split('\n').at(-1) ?? '';
      return `echo '${line}' > ${action.path}`;
    }
    case 'command':
      return action.command;
    case 'note':
      return action.text;
  }
}

const URGENT: readonly Status[] = ['fail', 'warn'];

/** The first command of the worst finding that has one; undefined when nothing is to be mended. */
export function firstStep(findings: readonly Finding[]): string | undefined {
  for (const status of URGENT) {
    for (const finding of findings) {
      const counts = finding.status === status && !finding.muted;
      const command = counts ? finding.fixes[0]?.commands[0] : undefined;
      if (command !== undefined) return command;
    }
  }
  return undefined;
}

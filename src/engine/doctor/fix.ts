/**
 * Mends a host: prints what would mend it as a script, applies what can be taken back, and takes
 * it back. Nothing is ever lowered, and nothing that outlives a boot is written unless told.
 */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { messageOf, NairobiError } from '../../errors.ts';
import type { Action, Finding, TypedFix } from '../../host/checks/finding.ts';

type Reversible = Extract<Action, { readonly kind: 'sysctl' | 'write' | 'file' }>;

export interface PlannedFix {
  readonly finding: string;
  readonly cause: string;
  readonly fix: TypedFix;
}

export interface Change {
  readonly path: string;
  /** What was there; null when there was no file. */
  readonly before: string | null;
  readonly after: string;
}

export interface ChangeResult {
  readonly path: string;
  readonly outcome:
    | 'applied'
    | 'already so'
    | 'fewer than asked'
    | 'refused'
    | 'restored'
    | 'left alone';
  readonly before: string | null;
  readonly after: string | null;
  readonly why?: string;
}

export interface FixOptions {
  /** Write drop-in files that hold from the next boot on, too. */
  readonly persistent: boolean;
  /** "/" but in tests. */
  readonly root: string;
  readonly journal: string;
}

/** Findings to mend: warnings and failures; a mere remark only when it was asked for by its id. */
export function planFixes(findings: readonly Finding[], only: readonly string[]): PlannedFix[] {
  const seen = new Set<string>();
  return findings.flatMap(({ id, status, cause = '', fixes, muted }) => {
    const wanted =
      status === 'warn' || status === 'fail' || (status === 'info' && only.includes(id));
    if (!wanted || muted) return [];
    return fixes
      .filter((fix) => {
        // Two checks may ask for the same thing (io_uring.setup and io_uring.disabled).
        const key = fix.commands.join('\n');
        return seen.has(key) ? false : Boolean(seen.add(key));
      })
      .map((fix) => ({ finding: id, cause, fix }));
  });
}

/** A shell script: what we can do as commands, what only a person can do as remarks. */
export function fixScript(planned: readonly PlannedFix[]): string {
  const lines = [
    '#!/bin/sh',
    '# what "nairobi doctor --fix" found to mend; read it, then run it as root',
    'set -eu',
  ];
  let last = '';
  for (const { finding, cause, fix } of planned) {
    if (finding !== last) lines.push('', `# ${finding}: ${cause}`);
    last = finding;
    const when = {
      now: 'until the next boot',
      persistent: 'from the next boot on',
      start: 'at the next start',
    };
    lines.push(`# ${when[fix.when]}${fix.place === 'host' ? '' : `, ${fix.place}`}`);
    for (const action of fix.actions) lines.push(...scriptLines(action));
  }
  if (planned.length === 0) lines.push('', '# nothing has to be mended');
  return `${lines.join('\n')}\n`;
}

function scriptLines(action: Action): string[] {
  switch (action.kind) {
    case 'sysctl':
      return [`sysctl -w ${action.key}=${action.value}`];
    case 'write':
      return [`echo ${quoted(action.value)} > ${quoted(action.path)}`];
    case 'file':
      return [`printf '%s' ${quoted(action.content)} > ${quoted(action.path)}`];
    case 'command':
      return [`# by hand: ${action.command}`];
    case 'note':
      return [`# by hand: ${action.text}`];
  }
}

/** Applies what can be taken back and notes it in the journal before the next change is made. */
export function applyFixes(planned: readonly PlannedFix[], options: FixOptions): ChangeResult[] {
  const journal = readJournal(options.journal);
  const results: ChangeResult[] = [];
  for (const { fix } of planned) {
    if (fix.when === 'start' || (fix.when === 'persistent' && !options.persistent)) continue;
    for (const action of fix.actions) {
      if (action.kind === 'command' || action.kind === 'note') continue;
      const result = apply(action, options.root);
      results.push(result);
      if (result.outcome !== 'applied' && result.outcome !== 'fewer than asked') continue;
      journal.push({ path: result.path, before: result.before, after: result.after ?? '' });
      writeJournal(options.journal, journal);
    }
  }
  return results;
}

function apply(action: Reversible, root: string): ChangeResult {
  const path = join(root, pathOf(action));
  const before = textAt(path);
  const wanted = action.kind === 'file' ? action.content : String(action.value);
  const same =
    before?.trim() === wanted.trim() || (action.kind !== 'file' && chosen(before) === wanted);
  const raised = action.kind !== 'file' && action.raiseOnly && Number(before) >= Number(wanted);
  if (same || raised) return { path, outcome: 'already so', before, after: before };
  if (action.kind !== 'file' && before === null) {
    return {
      path,
      outcome: 'refused',
      before,
      after: null,
      why: 'this kernel has no such setting',
    };
  }
  try {
    if (action.kind === 'file') mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, wanted);
  } catch (error) {
    const why = `${messageOf(error)}; run it as root, outside the container`;
    return { path, outcome: 'refused', before, after: before, why };
  }
  const after = textAt(path);
  // Huge pages: the kernel gives as many as it finds whole blocks for.
  if (action.kind !== 'file' && action.raiseOnly && Number(after) < Number(wanted)) {
    const why = `${wanted} were asked for, ${after?.trim()} were given: memory is fragmented; reserve them at boot`;
    return { path, outcome: 'fewer than asked', before, after, why };
  }
  return { path, outcome: 'applied', before, after };
}

function pathOf(action: Reversible): string {
  return action.kind === 'sysctl' ? `/proc/sys/${action.key.replaceAll('.', '/')}` : action.path;
}

/** "always [madvise] never" -> "madvise" */
function chosen(text: string | null): string | undefined {
  return /\[([^\]]+)\]/.exec(text ?? '')?.[1];
}

/**
 * Takes every change of the journal back, newest first; what somebody changed since is left alone.
 */
export function undoFixes(journalPath: string): ChangeResult[] {
  const journal = readJournal(journalPath);
  if (journal.length === 0) {
    throw new NairobiError('NOT_FOUND', 'There is nothing to undo', {
      hint: `"nairobi doctor --fix --yes" notes what it changes in ${journalPath}`,
    });
  }
  const kept: Change[] = [];
  const results = journal.toReversed().map((change): ChangeResult => {
    const result = takeBack(change);
    if (result.outcome === 'refused') kept.unshift(change);
    return result;
  });
  if (kept.length === 0) rmSync(journalPath);
  else writeJournal(journalPath, kept);
  return results;
}

function takeBack({ path, before, after }: Change): ChangeResult {
  const now = textAt(path);
  if (now !== after) {
    const why = 'somebody changed it since';
    return { path, outcome: 'left alone', before: now, after: now, why };
  }
  try {
    if (before === null) rmSync(path);
    else writeFileSync(path, chosen(before) ?? before);
  } catch (error) {
    return { path, outcome: 'refused', before: now, after: now, why: messageOf(error) };
  }
  return { path, outcome: 'restored', before: now, after: before };
}

/** Where changes are noted, for the user who made them. */
export function defaultJournal(env: NodeJS.ProcessEnv): string {
  const state = env['XDG_STATE_HOME'];
  const base = state?.startsWith('/') ? state : join(homedir(), '.local', 'state');
  return join(base, 'nairobi', 'doctor-changes.json');
}

function readJournal(path: string): Change[] {
  const text = textAt(path);
  if (text === null) return [];
  try {
    return (JSON.parse(text) as { readonly changes: Change[] }).changes;
  } catch (cause) {
    throw new NairobiError('BAD_DATA', `The journal of changes cannot be read: ${path}`, {
      cause,
      hint: 'look at it, put the values back by hand, and delete it',
      where: { file: path },
    });
  }
}

function writeJournal(path: string, changes: readonly Change[]): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const draft = `${path}.new`;
  writeFileSync(draft, `${JSON.stringify({ version: 1, changes }, undefined, 1)}\n`, {
    mode: 0o600,
  });
  renameSync(draft, path);
}

function textAt(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** Which kind of picture a terminal shows, from its environment and, for sixel, its own answer. */
import type { ReadStream } from 'node:tty';
import type { TextLook } from '../request.ts';

export type Terminal = 'kitty' | 'iterm' | 'sixel' | 'braille' | 'ascii';

type Environment = Readonly<Record<string, string | undefined>>;

/** By the environment alone; undefined when only the terminal itself can tell. */
export function terminalOf(env: Environment): Terminal | undefined {
  const term = env['TERM'] ?? '';
  const program = env['TERM_PROGRAM'] ?? '';
  // Multiplexers misplace pictures; text always arrives.
  if (env['TMUX'] !== undefined || term.startsWith('screen')) return textOnly(env);
  if (term === 'dumb' || term === '' || term === 'linux') return textOnly(env);
  if (env['KITTY_WINDOW_ID'] !== undefined || /kitty|ghostty/.test(term)) return 'kitty';
  if (program === 'ghostty' || program === 'WezTerm') return 'kitty';
  if (program === 'iTerm.app' || program === 'vscode' || env['LC_TERMINAL'] === 'iTerm2')
    return 'iterm';
  return undefined;
}

export function textOnly(env: Environment): Terminal {
  const locale = env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'] || 'C';
  return /utf-?8/i.test(locale) ? 'braille' : 'ascii';
}

export function lookOf(terminal: Terminal, env: Environment): TextLook {
  const colors =
    env['NO_COLOR'] || env['TERM'] === 'dumb'
      ? 'none'
      : /truecolor|24bit/i.test(env['COLORTERM'] ?? '')
        ? 'true'
        : '256';
  return { unicode: terminal === 'braille', colors };
}

/** A terminal that has not answered by then has no answer; far ones take some tens of ms. */
const ANSWER_MS = 200;
/** Primary device attributes: attribute 4 is sixel (DEC STD 070). */
const ASK_ATTRIBUTES = '\u001b[c';

/** True when the terminal behind `input` says that it shows sixels; needs both ends of it. */
export function answersSixel(input: ReadStream, write: (text: string) => void): Promise<boolean> {
  return new Promise((resolve) => {
    let heard = '';
    const wasRaw = input.isRaw;
    const finish = (yes: boolean): void => {
      clearTimeout(timer);
      input.off('data', hear);
      input.setRawMode(wasRaw);
      input.pause();
      resolve(yes);
    };
    const hear = (chunk: Buffer): void => {
      heard += chunk.toString('latin1');
      const answer = /\[\?([\d;]+)c/.exec(heard);
      if (answer !== null) finish((answer[1] ?? '').split(';').includes('4'));
    };
    const timer = setTimeout(() => finish(false), ANSWER_MS);
    input.setRawMode(true);
    input.on('data', hear);
    input.resume();
    write(ASK_ATTRIBUTES);
  });
}

import { describe, expect, test } from 'vitest';
import { plotRelation } from '../../src/engine/plot/plot.ts';
import { Reporter } from '../../src/engine/run/report.ts';
import { DEFAULT_REQUEST, type PlotRequest } from '../../src/render/request.ts';
import { widthOf } from '../../src/render/table.ts';
import { terminalOf, textOnly } from '../../src/render/term/detect.ts';
import { asciiCell, brailleCell, DotScreen } from '../../src/render/term/dots.ts';
import { itermImage, kittyImage, sixelImage } from '../../src/render/term/graphics.ts';
import { chartFor } from '../../src/render/term/plan.ts';
import { relation } from './relations.ts';

const ESC = '\u001b';

async function draw(
  columns: Record<string, unknown>,
  request: Partial<PlotRequest>,
  env = { LANG: 'C.UTF-8' },
) {
  const { request: own } = chartFor(textOnly(env), env, 60, 19);
  const whole = { ...DEFAULT_REQUEST, ...own, ...request };
  const { bytes } = await plotRelation(relation(columns), whole, 'text', new Reporter());
  return bytes
    .toString()
    .split(ESC)
    .map((part, i) => (i === 0 ? part : part.replace(/^\[[\d;]*m/, '')))
    .join('');
}

describe('a chart made of characters', () => {
  test('draws a rising line from the lower left to the upper right with its axes', async () => {
    const text = await draw(
      { x: [0, 1, 2, 3], y: [0, 10, 20, 30] },
      { mark: 'line', x: 'x', y: ['y'] },
    );
    const lines = text.split('\n');
    expect(lines.length).toBeLessThanOrEqual(17);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(60);
    expect(text).toMatch(/^ *30/m);
    const inked = (line: string | undefined) => (line ?? '').slice(6).search(/[\u2801-\u28ff]/);
    expect(inked(lines[2])).toBeGreaterThan(inked(lines[10]) + 10);
  });

  test('names that do not fit below bars stand beside lying ones, wide characters in two cells', async () => {
    const names = ['北京市海淀区', 'emoji 🚀🎉', 'e\u0301tude', 'a name of many words', 'plain'];
    const bars = { k: names, v: [5, 4, 3, 2, -1] };
    const text = await draw(bars, { mark: 'bar', x: 'k', y: ['v'] });
    const columns = names.map((name) => {
      const line = text.split('\n').find((each) => each.includes(name)) ?? '';
      expect(line, name).not.toBe('');
      return widthOf(line.slice(0, line.search(/[█\u2800-\u28ff]/)));
    });
    expect(new Set(columns).size).toBe(1);
    for (const line of text.split('\n')) expect(widthOf(line)).toBeLessThanOrEqual(60);
  });

  test('boxes keep the names of their groups, cut where they are too long', async () => {
    const k = ['a group with a name', 'another one', 'the third of the groups'].flatMap((name) =>
      Array<string>(6).fill(name),
    );
    const text = await draw({ k, v: k.map((_, i) => i % 6) }, { mark: 'box', x: 'k', y: ['v'] });
    expect(text).toMatch(/a group.*another.*the third/);
  });

  test('what would change the terminal is shown, not sent', async () => {
    const bars = { k: ['\u001b[31mred', 'b\u0007ell', 'li\nne'], v: [1, 2, 3] };
    const request = { ...DEFAULT_REQUEST, mark: 'bar', x: 'k', y: ['v'] } as const;
    const own = chartFor('braille', { LANG: 'C.UTF-8', NO_COLOR: '1' }, 80, 24).request;
    const whole = { ...request, ...own };
    const { bytes } = await plotRelation(relation(bars), whole, 'text', new Reporter());
    expect(bytes.toString()).toContain('<1b>[31mred');
    expect(bytes.toString()).toContain('b<07>ell');
    expect(bytes.toString().replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
  });

  test('keeps to ASCII in a C locale', async () => {
    const text = await draw(
      { v: [-1, 1, 2, 2, 3, 9] },
      { mark: 'histogram', x: 'v' },
      { LANG: 'C' },
    );
    expect(text).toMatch(/^[\x20-\x7e\n]*$/);
    expect(text).toContain('#');
  });

  test('says that there is no data', async () => {
    expect(await draw({ x: [1], y: [null] }, { mark: 'line', x: 'x', y: ['y'] })).toContain(
      'no data',
    );
  });

  test('dots fill the right bits of a cell', () => {
    const screen = new DotScreen(2, 1);
    screen.dot(0, 0, -1);
    screen.dot(1, 3, -1);
    for (let i = 0; i < 8; i += 1) screen.dot(2 + (i % 2), i >> 1, -1);
    expect(screen.lines(brailleCell, (text) => text)).toEqual(['⢁█']);
    expect(screen.lines(asciiCell, (text) => text)).toEqual(["'#"]);
  });
});

describe('what a terminal shows', () => {
  test.each([
    [{ TERM: 'xterm-kitty' }, 'kitty'],
    [{ TERM: 'xterm-256color', TERM_PROGRAM: 'iTerm.app' }, 'iterm'],
    [{ TERM: 'xterm-kitty', TMUX: '/tmp/x', LANG: 'en_US.UTF-8' }, 'braille'],
    [{ TERM: 'linux', LANG: 'C' }, 'ascii'],
    [{ TERM: 'xterm-256color' }, undefined],
  ] as const)('%o is %s', (env, kind) => {
    expect(terminalOf(env)).toBe(kind);
  });

  test('kitty gets a PNG in chunks, the last marked as such', () => {
    const text = kittyImage(Buffer.alloc(5000, 7)).toString();
    const chunks = text
      .split(ESC)
      .filter((part) => part.startsWith('_G'))
      .map((part) => part.slice(2).split(';'));
    expect(chunks.map(([head]) => head)).toEqual(['f=100,a=T,q=2,m=1', 'm=0']);
    expect(Buffer.from(chunks.map(([, data]) => data).join(''), 'base64')).toEqual(
      Buffer.alloc(5000, 7),
    );
  });

  test('iTerm2 gets the size and the picture', () => {
    expect(itermImage(Buffer.from('abc')).toString()).toBe(
      '\u001b]1337;File=inline=1;size=3;preserveAspectRatio=1:YWJj\u0007\n',
    );
  });

  test('a sixel picture comes back dot by dot', () => {
    const [width, height] = [5, 8];
    const bgra = Buffer.alloc(width * height * 4, 255);
    const red = (x: number, y: number) => bgra.set([0, 0, 255, 255], 4 * (y * width + x));
    red(0, 0);
    red(4, 7);
    const text = sixelImage(bgra, width, height).toString();
    const bands = text.slice(text.lastIndexOf('#215;2;100;100;100') + 18).split('-');
    expect(bands[0]).toContain('#180@!4?');
    expect(bands[1]).toContain('#180!4?A');
  });
});

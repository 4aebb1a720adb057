/** Pictures in terminals that show them: kitty, iTerm2, and sixel. */

/** One escape sequence may carry this much base64 (kitty's protocol). */
const KITTY_CHUNK = 4096;
const ESC = '\u001b';

/** https://sw.kovidgoyal.net/kitty/graphics-protocol: format 100 is PNG, a=T shows it at once. */
export function kittyImage(png: Buffer): Buffer {
  const data = png.toString('base64');
  const parts: string[] = [];
  for (let at = 0; at < data.length; at += KITTY_CHUNK) {
    const more = at + KITTY_CHUNK < data.length ? 1 : 0;
    const head = at === 0 ? `f=100,a=T,q=2,m=${more}` : `m=${more}`;
    parts.push(`${ESC}_G${head};${data.slice(at, at + KITTY_CHUNK)}${ESC}\\`);
  }
  return Buffer.from(`${parts.join('')}\n`);
}

/** https://iterm2.com/documentation-images.html */
export function itermImage(png: Buffer): Buffer {
  const head = `File=inline=1;size=${png.length};preserveAspectRatio=1`;
  return Buffer.from(`${ESC}]1337;${head}:${png.toString('base64')}\u0007\n`);
}

/** Steps of each channel: 6 x 6 x 6 colours, which every sixel terminal has room for. */
const LEVELS = 6;

/** DEC's sixel: six rows at a time, one pass over them for each colour they hold. */
export function sixelImage(bgra: Buffer, width: number, height: number): Buffer {
  const palette = Array.from({ length: LEVELS ** 3 }, (_, i) => {
    const part = (n: number): number =>
      Math.round(((Math.floor(i / n) % LEVELS) / (LEVELS - 1)) * 100);
    return `#${i};2;${part(36)};${part(6)};${part(1)}`;
  });
  const index = (at: number): number =>
    level(bgra[at + 2]) * 36 + level(bgra[at + 1]) * 6 + level(bgra[at]);
  const bands: string[] = [];
  for (let top = 0; top < height; top += 6) {
    const masks = new Map<number, Uint8Array>();
    for (let row = 0; row < 6 && top + row < height; row += 1) {
      for (let x = 0; x < width; x += 1) {
        const color = index(4 * ((top + row) * width + x));
        let mask = masks.get(color);
        if (mask === undefined) {
          mask = new Uint8Array(width);
          masks.set(color, mask);
        }
        mask[x] = (mask[x] as number) | (1 << row);
      }
    }
    bands.push([...masks].map(([color, mask]) => `#${color}${runs(mask)}`).join('$'));
  }
  const head = `${ESC}P0;1;0q"1;1;${width};${height}`;
  return Buffer.from(`${head}${palette.join('')}${bands.join('-')}${ESC}\\\n`);
}

const level = (value: number | undefined): number =>
  Math.round(((value ?? 0) / 255) * (LEVELS - 1));

/** Run-length coding: "!12~" repeats a sixel twelve times. */
function runs(mask: Uint8Array): string {
  let out = '';
  for (let at = 0; at < mask.length; ) {
    let end = at + 1;
    while (end < mask.length && mask[end] === mask[at]) end += 1;
    const char = String.fromCharCode(63 + (mask[at] as number));
    out += end - at > 3 ? `!${end - at}${char}` : char.repeat(end - at);
    at = end;
  }
  return out;
}

/** The ustar format (POSIX.1-1988), as much of it as captures need: regular files of text. */
import { assert } from '../errors.ts';

const BLOCK = 512;

/** Absolute path to text, sorted by path; a name that is also a directory is left out. */
export function writeTar(entries: ReadonlyMap<string, string>): Buffer {
  const paths = [...entries.keys()].sort();
  const folders = new Set(paths.flatMap(foldersAbove));
  const blocks: Buffer[] = [];
  for (const path of paths) {
    if (folders.has(path)) continue;
    const content = Buffer.from(entries.get(path) ?? '');
    blocks.push(header(path.slice(1), content.length), content, padding(content.length));
  }
  blocks.push(Buffer.alloc(2 * BLOCK));
  return Buffer.concat(blocks);
}

/** The regular files of an archive. Throws on anything that is not one. */
export function readTar(archive: Buffer): Map<string, string> {
  const entries = new Map<string, string>();
  let at = 0;
  while (at + BLOCK <= archive.length) {
    const head = archive.subarray(at, at + BLOCK);
    if (head.every((byte) => byte === 0)) return entries;
    if (checksum(head) !== octal(head, 148, 8)) throw new Error(`no tar header at byte ${at}`);
    const size = octal(head, 124, 12);
    const prefix = text(head, 345, 155);
    const name = `${prefix === '' ? '' : `${prefix}/`}${text(head, 0, 100)}`;
    const type = String.fromCharCode(head[156] ?? 0);
    if (type === '0' || type === '\0') {
      const content = archive.subarray(at + BLOCK, at + BLOCK + size);
      if (content.length < size) throw new Error(`the archive ends inside ${name}`);
      entries.set(`/${name.replace(/^(?:\.?\/)+/, '')}`, content.toString('utf8'));
    }
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
  throw new Error('the archive has no end');
}

function header(path: string, size: number): Buffer {
  const head = Buffer.alloc(BLOCK);
  const { name, prefix } = splitPath(path);
  head.write(name, 0, 'utf8');
  head.write('0000644\0', 100);
  head.write('0000000\0', 108);
  head.write('0000000\0', 116);
  head.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
  // No times and no owners: the same host gives the same bytes.
  head.write('00000000000\0', 136);
  head.write('0', 156);
  head.write('ustar\u000000', 257);
  head.write(prefix, 345, 'utf8');
  head.write(`${checksum(head).toString(8).padStart(6, '0')}\0 `, 148);
  return head;
}

/** 100 bytes of name and 155 of prefix, cut at a slash. */
function splitPath(path: string): { name: string; prefix: string } {
  if (Buffer.byteLength(path) <= 100) return { name: path, prefix: '' };
  for (let slash = path.indexOf('/'); slash > 0; slash = path.indexOf('/', slash + 1)) {
    const [prefix, name] = [path.slice(0, slash), path.slice(slash + 1)];
    if (Buffer.byteLength(name) <= 100 && Buffer.byteLength(prefix) <= 155) return { name, prefix };
  }
  assert(false, `a path of /proc, /sys or /etc fits a tar header: ${path}`);
}

/** The sum of the header's bytes with the checksum field taken as blanks. */
function checksum(head: Buffer): number {
  let sum = 0;
  for (let at = 0; at < BLOCK; at += 1) sum += at >= 148 && at < 156 ? 32 : (head[at] ?? 0);
  return sum;
}

function text(head: Buffer, at: number, length: number): string {
  const field = head.subarray(at, at + length);
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end < 0 ? length : end);
}

function octal(head: Buffer, at: number, length: number): number {
  return Number.parseInt(text(head, at, length).trim() || '0', 8);
}

function padding(size: number): Buffer {
  return Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK);
}

function foldersAbove(path: string): string[] {
  const parts = path.split('/').slice(1, -1);
  return parts.map((_, index) => `/${parts.slice(0, index + 1).join('/')}`);
}

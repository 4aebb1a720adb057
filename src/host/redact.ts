/**
 * What leaves the machine in a capture: only what the checks read, and of that no names of people,
 * hosts, shares or containers.
 */
import { BOOT_OPTION } from './kernel.ts';

/** Mount options that bear on reading and writing; user names, addresses and the like do not. */
const MOUNT_OPTION =
  /^(?:rw|ro|noexec|nosuid|nodev|relatime|noatime|sync|dax(?:=\w+)?|direct_io|discard|size=\w+|pagesize=\w+|mode=\d+|huge=\w+|cpu|cpuacct|cpuset|memory|hugetlb|blkio|pids|devices|freezer|nsdelegate|name=systemd)$/;

/** Container, pod and session ids: 32 or more hexadecimal digits, or a UUID. */
const LONG_ID = /[0-9a-f]{32,}|[0-9a-f]{8}(?:[-_][0-9a-f]{4}){3}[-_][0-9a-f]{12}/g;

/** The name of a person in a path. */
const HOME = /\/(home|media|Users)\/[^/\s",:]+/g;

/** The same entries with secrets left out; paths and contents stay consistent with each other. */
export function redact(entries: ReadonlyMap<string, string>): Map<string, string> {
  const ids = new Map<string, string>();
  const masked = (text: string): string =>
    text.replace(HOME, '/$1/user').replace(LONG_ID, (id) => {
      const known = ids.get(id) ?? `id${ids.size + 1}`;
      ids.set(id, known);
      return known;
    });
  const places = placesIn(entries);
  const clean = new Map<string, string>();
  for (const [path, text] of entries) {
    clean.set(masked(path), masked(redactFile(path, text, places)));
  }
  return clean;
}

/** Every path that the observations name: their mounts are needed, no others are. */
function placesIn(entries: ReadonlyMap<string, string>): string[] {
  const observed = entries.get('/nairobi-observed.json') ?? '';
  return [...observed.matchAll(/"path": ?"([^"]+)"/g)].map((match) => match[1] ?? '');
}

function redactFile(path: string, text: string, places: readonly string[]): string {
  switch (path) {
    case '/proc/cmdline':
      return `${text
        .trim()
        .split(/\s+/)
        .filter((option) => BOOT_OPTION.test(option))
        .join(' ')}\n`;
    case '/proc/self/mountinfo':
      return text
        .split('\n')
        .filter((line) => mountMatters(line, places))
        .map((line) => `${redactMount(line)}\n`)
        .join('');
    case '/proc/version':
      return text.replace(/\([^\s()]+@[^\s()]+\)/, '(builder@host)');
    case '/etc/group':
      return (/^render:.*$/m.exec(text)?.[0] ?? '').replace(/:[^:]*$/, ':');
    case '/proc/cpuinfo':
      return redactCpuinfo(text);
    case '/proc/self/status':
      return text.replace(/^(?:Name|Pid|PPid|Tgid|Ngid|NS\w+|TracerPid):.*\n/gm, '');
    default:
      return text;
  }
}

/** Control groups, what containers mount over /etc, and what lies above the places looked at. */
function mountMatters(line: string, places: readonly string[]): boolean {
  const point = line.split(' ')[4];
  if (point === undefined) return false;
  if (/ - cgroup2? /.test(line) || /^\/etc\/(?:hosts|hostname|resolv\.conf)$/.test(point))
    return true;
  const below = point === '/' ? '/' : `${point}/`;
  return point === '/' || places.some((place) => `${place}/`.startsWith(below));
}

/** Sources other than device nodes name servers, shares and image layers. */
function redactMount(line: string): string {
  const [left = '', right = ''] = line.split(' - ');
  const [type = '', source = '', superOptions = ''] = right.split(' ');
  const fields = left.split(' ');
  fields[5] = keepOptions(fields[5] ?? '');
  const shown = source.startsWith('/dev/') || source === type ? source : 'none';
  return `${fields.slice(0, 6).join(' ')} - ${type} ${shown} ${keepOptions(superOptions)}`;
}

function keepOptions(options: string): string {
  const kept = options.split(',').filter((option) => MOUNT_OPTION.test(option));
  return kept.length === 0 ? 'rw' : kept.join(',');
}

/** The first processor says it all; serial numbers of ARM boards stay here. */
function redactCpuinfo(text: string): string {
  const end = text.indexOf('\n\n');
  const board = /^(?:Model|Hardware)\s*:.*$/gm;
  const first = end < 0 ? text : text.slice(0, end + 1);
  const named = (text.slice(first.length).match(board) ?? []).join('\n');
  return `${first}${named}`.replace(/^Serial\s*:.*\n?/gm, '');
}

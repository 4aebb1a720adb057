/** Facts about drawing: GL libraries and vendors, graphics devices, the terminal. */
import { join } from 'node:path';
import type { HostFiles } from './files.ts';
import type { Observed } from './observed.ts';

export interface RenderFacts {
  /** Sonames present in the loader's directories. */
  readonly libraries: readonly string[];
  /** Names in egl_vendor.d: 10_nvidia.json, 50_mesa.json. */
  readonly eglVendors: readonly string[];
  /** Groups that own render nodes, by /etc/group. */
  readonly renderGroup: number | undefined;
  readonly nvidia: boolean;
  readonly terminal: 'kitty' | 'iterm' | 'sixel' | 'braille' | undefined;
}

const LIBRARY_ROOTS = [
  '/usr/lib/x86_64-linux-gnu',
  '/usr/lib/aarch64-linux-gnu',
  '/usr/lib64',
  '/usr/lib',
  '/usr/local/lib',
];
const LIBRARIES = [
  'libEGL.so.1',
  'libEGL_mesa.so.0',
  'libEGL_nvidia.so.0',
  'libOSMesa.so.8',
  'libOSMesa.so.6',
];
const VENDOR_ROOTS = ['/usr/share/glvnd/egl_vendor.d', '/etc/glvnd/egl_vendor.d'];

export function readRender(files: HostFiles, observed: Observed): RenderFacts {
  const group = /^render:[^:]*:(\d+):/m.exec(files.text('/etc/group') ?? '')?.[1];
  const nodes = observed.devices.map(({ path }) => path);
  return {
    libraries: LIBRARIES.filter((name) =>
      LIBRARY_ROOTS.some((root) => files.exists(join(root, name))),
    ),
    eglVendors: [...new Set(VENDOR_ROOTS.flatMap((root) => files.names(root)))].filter((name) =>
      name.endsWith('.json'),
    ),
    renderGroup: group === undefined ? undefined : Number(group),
    nvidia:
      files.exists('/proc/driver/nvidia/version') || nodes.some((path) => /nvidia|dxg/.test(path)),
    terminal: terminalKind(observed.environment),
  };
}

/** By what terminals say of themselves in the environment; over ssh only TERM survives. */
function terminalKind(environment: readonly string[]): RenderFacts['terminal'] {
  const value = (name: string): string =>
    environment.find((entry) => entry.startsWith(`${name}=`))?.slice(name.length + 1) ?? '';
  const term = value('TERM');
  const program = value('TERM_PROGRAM');
  if (term === '' || term === 'dumb') return undefined;
  if (environment.includes('TMUX')) return 'braille';
  if (environment.includes('KITTY_WINDOW_ID') || /kitty|ghostty/.test(term)) return 'kitty';
  if (/^(?:ghostty|WezTerm)$/.test(program)) return 'kitty';
  if (/^(?:iTerm\.app|vscode)$/.test(program) || value('LC_TERMINAL') === 'iTerm2') return 'iterm';
  return /sixel|mlterm|foot|contour/.test(term) ? 'sixel' : 'braille';
}

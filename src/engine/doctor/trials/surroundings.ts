/** Environment variables and device nodes that bear on what works here. */
import { readdirSync } from 'node:fs';

/** Kept with their value: none of these can hold a secret. */
const HARMLESS = new Set([
  'COLORTERM',
  'LANG',
  'LC_ALL',
  'LC_TERMINAL',
  'LIBGL_ALWAYS_SOFTWARE',
  'NO_COLOR',
  'NVIDIA_DRIVER_CAPABILITIES',
  'NVIDIA_VISIBLE_DEVICES',
  'POLARS_MAX_THREADS',
  'TERM',
  'TERM_PROGRAM',
  'TZ',
  'UV_THREADPOOL_SIZE',
  'UV_USE_IO_URING',
]);

/** Kept as a name only: that they are set is what matters. */
const NAMED = new Set([
  'DBUS_SESSION_BUS_ADDRESS',
  'DBUS_SYSTEM_BUS_ADDRESS',
  'DISPLAY',
  'KITTY_WINDOW_ID',
  'KUBERNETES_SERVICE_HOST',
  'SSH_TTY',
  'TMUX',
  'WAYLAND_DISPLAY',
  'XDG_RUNTIME_DIR',
]);

/** Flags of Node that change what works; the rest of NODE_OPTIONS may name files. */
const NODE_FLAGS = /--(?:jitless|max-old-space-size=\d+|permission)\b/g;

/** "NAME=value" for harmless ones, "NAME" for those whose value stays private, sorted. */
export function observeEnvironment(env: NodeJS.ProcessEnv): string[] {
  const kept: string[] = [];
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined) continue;
    if (HARMLESS.has(name)) kept.push(`${name}=${value}`);
    if (NAMED.has(name)) kept.push(name);
    if (name === 'NODE_OPTIONS') {
      const flags = value.match(NODE_FLAGS) ?? [];
      if (flags.length > 0) kept.push(`NODE_OPTIONS=${flags.join(' ')}`);
    }
  }
  return kept.sort();
}

/** Render nodes of graphics drivers, and NVIDIA's own. */
export function rendererNodes(): string[] {
  const list = (directory: string, pattern: RegExp): string[] => {
    try {
      return readdirSync(directory)
        .filter((name) => pattern.test(name))
        .map((name) => `${directory}/${name}`)
        .sort();
    } catch {
      return [];
    }
  };
  return [...list('/dev/dri', /^renderD\d+$/), ...list('/dev', /^(?:nvidia(?:ctl|\d+)|dxg)$/)];
}

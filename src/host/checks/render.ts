/** Judges drawing: the canvas, fonts, GL with or without hardware, the terminal. */
import type { Facts } from '../facts.ts';
import { describeAttempt } from '../observed.ts';
import { type Check, commandFix, type Fix, type Verdict } from './finding.ts';
import { judgeModule } from './runtime.ts';

export const RENDER_CHECKS: readonly Check[] = [
  {
    id: 'render.canvas',
    group: 'render',
    title: 'canvas loads (PNG and PDF charts)',
    judge: (facts) =>
      judgeModule(facts, 'canvas', 'warn', 'plot to PNG and PDF; SVG works without'),
  },
  {
    id: 'render.fonts',
    group: 'render',
    title: 'the font that charts are drawn with',
    judge: judgeFonts,
  },
  {
    id: 'render.egl',
    group: 'render',
    title: 'EGL: the library and its vendors',
    judge: ({ render }): Verdict => {
      const vendors = render.eglVendors.join(', ');
      if (!render.libraries.includes('libEGL.so.1')) {
        return {
          status: 'info',
          found: 'libEGL.so.1 is not installed',
          needed: 'nothing: the processor draws; EGL pays with graphics hardware only',
        };
      }
      return { status: 'pass', found: vendors === '' ? 'libEGL.so.1, no vendor files' : vendors };
    },
  },
  {
    id: 'render.osmesa',
    group: 'render',
    title: 'OSMesa, GL without any device',
    judge: ({ render }): Verdict => {
      const found = render.libraries.filter((name) => name.startsWith('libOSMesa'));
      if (found.length > 0) return { status: 'pass', found: found.join(', ') };
      return { status: 'info', found: 'not installed (Mesa dropped it with 25.1)' };
    },
  },
  { id: 'render.gl', group: 'render', title: 'GL renderer, hardware or software', judge: judgeGl },
  {
    id: 'render.devices',
    group: 'render',
    title: 'graphics devices and the right to use them',
    judge: judgeDevices,
  },
  {
    id: 'render.nvidia',
    group: 'render',
    title: 'NVIDIA driver capabilities inside a container',
    judge: judgeNvidia,
  },
  {
    id: 'render.terminal',
    group: 'render',
    title: 'charts in the terminal: kitty, iTerm2, sixel or braille',
    judge: ({ render }): Verdict => {
      if (render.terminal === undefined) return { status: 'skip', found: 'no terminal' };
      return { status: 'pass', found: render.terminal };
    },
  },
];

function judgeFonts({ observed }: Facts): Verdict {
  if (observed.bundledFont === undefined) return { status: 'skip', found: 'not looked at' };
  if (observed.bundledFont) return { status: 'pass', found: 'DejaVu Sans, bundled with nairobi' };
  return {
    status: 'warn',
    found: 'the bundled font is missing',
    needed: 'assets/fonts of the package: labels of PNG and PDF charts are drawn with it',
    cause: 'the installation is not whole',
    fixes: [commandFix('now', 'host', false, 'npm install --global nairobi')],
  };
}

function judgeGl(facts: Facts): Verdict {
  const trial = facts.observed.gl;
  if (trial === undefined) return { status: 'skip', found: 'not tried' };
  if (trial.attempt.outcome !== 'ok') {
    return {
      status: 'info',
      found: `no GL context: ${describeAttempt(trial.attempt)}`,
      needed: 'nothing: the processor draws the same pictures',
    };
  }
  const kind = trial.hardware ? 'hardware' : 'software';
  const found = `${trial.renderer ?? 'unknown'} (${kind}, ${trial.backend ?? '?'})`;
  const owned = facts.observed.devices.length > 0;
  if (trial.hardware) return { status: 'pass', found };
  if (!owned) return { status: 'info', found, cause: 'this host has no graphics device' };
  return {
    status: 'warn',
    found,
    needed: 'the graphics device that this host has; the processor draws meanwhile',
    cause: 'see render.devices and render.nvidia',
    fixes: [...deviceFixes(facts), ...nvidiaFixes(facts)],
  };
}

function judgeDevices(facts: Facts): Verdict {
  const { devices } = facts.observed;
  if (devices.length === 0) return { status: 'skip', found: 'no graphics device' };
  const found = devices.map(({ path, usable }) => `${path}${usable ? '' : ' (no permission)'}`);
  if (devices.every(({ usable }) => usable)) return { status: 'pass', found: found.join(', ') };
  return {
    status: 'warn',
    found: found.join(', '),
    needed: 'read and write access; without it Mesa falls back to software without a word',
    cause: 'this user is not in the group that owns the device',
    fixes: deviceFixes(facts),
    rootAdds: 'root may use the devices',
  };
}

function deviceFixes(facts: Facts): Fix[] {
  const refused = facts.observed.devices.find(({ usable }) => !usable);
  if (refused === undefined) return [];
  const { container } = facts.kernel;
  if (container !== undefined) {
    const place = container === 'podman' ? 'podman' : 'docker';
    const group = facts.render.renderGroup === undefined ? 'render' : facts.render.renderGroup;
    return [
      commandFix(
        'start',
        place,
        false,
        `${place} run --device ${refused.path} --group-add ${group} ...`,
      ),
    ];
  }
  return [
    commandFix(
      'persistent',
      'host',
      true,
      `usermod -aG render "$(id -un ${facts.process.uid})"  # then log in again`,
    ),
  ];
}

function judgeNvidia(facts: Facts): Verdict {
  const { render, kernel, observed } = facts;
  if (!render.nvidia) return { status: 'skip', found: 'no NVIDIA driver' };
  if (kernel.container === undefined)
    return { status: 'pass', found: 'driver loaded, no container' };
  const capabilities =
    observed.environment
      .find((entry) => entry.startsWith('NVIDIA_DRIVER_CAPABILITIES='))
      ?.split('=')[1]
      ?.split(',') ?? [];
  const graphics = capabilities.includes('all') || capabilities.includes('graphics');
  const vendor = render.eglVendors.some((name) => name.includes('nvidia'));
  const found = `capabilities ${capabilities.join(',') || 'default'}; vendor file ${vendor ? 'there' : 'missing'}`;
  if (graphics && vendor) return { status: 'pass', found };
  return {
    status: 'warn',
    found,
    needed: 'the "graphics" capability and 10_nvidia.json; else GL is silently software',
    cause: graphics
      ? 'the EGL vendor file is not in the image'
      : 'the container was started without graphics',
    fixes: nvidiaFixes(facts),
  };
}

function nvidiaFixes(facts: Facts): Fix[] {
  if (!facts.render.nvidia || facts.kernel.container === undefined) return [];
  return [
    commandFix(
      'start',
      'docker',
      false,
      'docker run --gpus all -e NVIDIA_DRIVER_CAPABILITIES=compute,utility,graphics ...',
    ),
  ];
}

/** Opens a picture in the desktop's own viewer. */
import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { NairobiError } from '../../errors.ts';

/** HOST where there is no desktop session; the viewer goes on when this program ends. */
export function showFile(path: string): Promise<void> {
  if (!process.env['DISPLAY'] && !process.env['WAYLAND_DISPLAY']) {
    throw new NairobiError('HOST', 'There is no desktop session to open the picture in', {
      hint: 'leave out --open; without -o the chart is drawn in the terminal',
    });
  }
  return new Promise((done, fail) => {
    const viewer = spawn('xdg-open', [resolve(path)], { detached: true, stdio: 'ignore' });
    viewer.once('spawn', () => {
      viewer.unref();
      done();
    });
    viewer.once('error', (cause) => {
      fail(new NairobiError('HOST', 'Cannot run xdg-open', { cause, hint: 'install xdg-utils' }));
    });
  });
}

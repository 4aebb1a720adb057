/** Before any test: dist/ is built from the sources as they are, so that test/cli runs them. */
import { execFileSync } from 'node:child_process';

export default function setup(): void {
  const script = new URL('../scripts/build.mjs', import.meta.url).pathname;
  execFileSync(process.execPath, [script], { stdio: 'inherit' });
}

/** Plays the README's tour: every command echoed, then its real output. */
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { prepare, readTour, runStep } from './tour.mjs';

const folder = fileURLToPath(new URL('../demo', import.meta.url));

rmSync(folder, { recursive: true, force: true });
prepare(folder);
process.stdout.write('In demo/:\n');
for (const { command, varies } of readTour()) {
  process.stdout.write(`\n$ ${command}\n`);
  const { output, status } = runStep(command, folder);
  process.stdout.write(output);
  // A doctor that finds something wrong has done its work.
  if (status !== 0 && !(varies && command.includes('doctor'))) {
    process.stderr.write(`demo: "${command}" ended with ${status}\n`);
    process.exit(status ?? 1);
  }
}
process.stdout.write('\nThe pictures and files are in demo/.\n');

import { describe, expect, test } from 'vitest';
import { prepare, readTour, runStep, type Step } from '../../scripts/tour.mjs';
import { folderWith } from './nairobi.ts';

/** The first words of the lines of a report: what it tells, whatever the figures are. */
function subjects(output: string): string[] {
  return output.split('\n').map((line) => line.trim().split(/ {2,}/)[0] ?? '');
}

describe('the tour of the README', () => {
  test('prints what the README says it prints', () => {
    const folder = folderWith();
    prepare(folder);
    const steps: Step[] = readTour();
    expect(steps.length).toBeGreaterThan(3);
    for (const { command, output, varies } of steps) {
      const played = runStep(command, folder);
      if (varies && command.includes('doctor')) {
        expect(played.output, command).toMatch(/^(able|not able)/m);
        continue;
      }
      expect(played.status, `${command}\n${played.output}`).toBe(0);
      if (!varies) expect(played.output, command).toBe(output);
      else expect(subjects(played.output)[0], command).toBe(subjects(output)[0]);
    }
  });
});

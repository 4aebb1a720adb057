import { expect, test } from 'vitest';
import { diagnose } from '../../src/engine/doctor/doctor.ts';
import { HOSTS } from './hosts.ts';
import { simulate } from './simulate.ts';

for (const expected of HOSTS) {
  test(`${expected.name}: ${expected.ability}`, () => {
    const { files, observed } = simulate(expected.host);
    const report = diagnose(files, observed, {
      only: [],
      ignore: [],
      strict: false,
      demands: { required: new Set(expected.required ?? []), places: [] },
    });
    const trouble = report.findings
      .filter(({ status }) => status === 'warn' || status === 'fail' || status === 'unknown')
      .map(({ id, status, cause }) => `${id} ${status}: ${cause}`);
    expect(report.ability, trouble.join('\n')).toBe(expected.ability);
    expect(report.firstStep, trouble.join('\n')).toBe(expected.firstStep);
    if (expected.speed !== undefined) expect(report.verdict).toMatch(expected.speed);
    if (expected.because !== undefined) {
      const [id, status, cause] = expected.because;
      const finding = report.findings.find((one) => one.id === id);
      expect(finding?.status, `${id}: ${finding?.found}`).toBe(status);
      expect(finding?.cause ?? '').toMatch(cause);
    }
  });
}

test('the matrix holds at least forty hosts, no two of them alike', () => {
  expect(HOSTS.length).toBeGreaterThanOrEqual(40);
  expect(new Set(HOSTS.map(({ host, required }) => JSON.stringify([host, required]))).size).toBe(
    HOSTS.length,
  );
});

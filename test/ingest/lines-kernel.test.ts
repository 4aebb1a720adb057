/** The kernel of lines gives what the general way gives, and leaves to it what is odd. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Decoded } from '../../src/ingest/decode/decoder.ts';
import { KERNEL_SOURCE } from '../../src/ingest/decode/lines-kernel.generated.ts';
import { LinesKernel } from '../../src/ingest/decode/lines-kernel.ts';
import { LineDecoder, type LinePlan, planLines } from '../../src/ingest/decode/transcode.ts';

const seed = Number(process.env['NAIROBI_SEED'] ?? Date.now() % 2 ** 31);

/** The same plan under a delimiter that the kernel does not take. */
const slowly = (plan: LinePlan): LinePlan => ({
  ...plan,
  csv: { ...plan.csv, dialect: { ...plan.csv.dialect, delimiter: ',' } },
});

const told = ({ frame, records, rejects, nulled, lines }: Decoded) => ({
  rows: frame.rows().map((row) => row.map(String)),
  types: frame.dtypes.map(String),
  records,
  nulled,
  lines,
  rejects: rejects.map(({ line, byte, reason, raw }) => ({ line, byte, reason, raw })),
});

function compare(text: Buffer, plan: LinePlan): boolean {
  const batch = { data: text, offset: 7 };
  const decoded = new LineDecoder(plan, 'quarantine').decode(batch, 3);
  expect(told(decoded)).toEqual(told(new LineDecoder(slowly(plan), 'quarantine').decode(batch, 3)));
  const names = plan.csv.columns.map(({ name }) => name);
  const kernel = LinesKernel.open(plan.format, names, plan.csv.dialect.delimiter);
  return kernel?.convert(text) !== undefined;
}

const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 20 }),
  fc.constantFrom('', 'a,b', 'say "hi"', 'back\\slash', 'line\nend', '\r', '\x1f', '\0', '\u2028'),
);
const number = fc.oneof(
  fc.integer().map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.constantFrom('1.0', '-0', '1E5', '9007199254740993', '0.10', '1e400', '123456789012345678901'),
);
const nested = fc.jsonValue().map((value) => JSON.stringify(value));
const jsonLine = fc
  .tuple(
    fc.option(fc.integer().map(String)),
    fc.option(number),
    fc.option(text.map((value) => JSON.stringify(value))),
    fc.option(fc.boolean().map(String)),
    fc.option(nested),
    fc.constantFrom('', ' ', '\t', '  '),
    fc.constantFrom('\n', '\r\n', ' \n', '\n\n'),
  )
  .map(([id, value, name, ok, more, blank, end]) => {
    const fields = Object.entries({ id, value, name, ok, more })
      .filter(([, item]) => item !== null)
      .map(([key, item]) => `"${key}"${blank}:${blank}${item}`);
    return `{${blank}${fields.join(`,${blank}`)}}${end}`;
  });
const HEAD = '{"id":1,"value":0.5,"name":"a","ok":true,"more":{"a":[1]}}\n';

test('NDJSON is read alike by the kernel and without it', () => {
  const plan = planLines(Buffer.from(HEAD), 'ndjson', {});
  let taken = 0;
  fc.assert(
    fc.property(fc.array(jsonLine, { minLength: 1, maxLength: 6 }), (lines) => {
      if (compare(Buffer.from(lines.join('')), plan)) taken += 1;
    }),
    { seed, numRuns: 100 },
  );
  expect(taken).toBeGreaterThan(40);
});

test('NDJSON with any byte changed is read alike by the kernel and without it', () => {
  const plan = planLines(Buffer.from(HEAD), 'ndjson', {});
  fc.assert(
    fc.property(
      fc.array(jsonLine, { minLength: 1, maxLength: 3 }),
      fc.nat(),
      fc.nat(255),
      (lines, at, byte) => {
        const data = Buffer.from(lines.join(''));
        data[at % data.length] = byte;
        compare(data, plan);
      },
    ),
    { seed, numRuns: 150 },
  );
});

const word = fc.stringMatching(/^[a-z0-9 ,=\\"'é-]{1,6}$/);
const escapeName = (name: string): string => name.replace(/([,= ])/g, '\\$1');
const influxLine = fc
  .tuple(
    fc.option(word),
    fc.option(fc.integer().map((value) => `${value}i`)),
    fc.oneof(number, fc.constantFrom('5', '-5', '1.5e3', '.5', '+1', '1e5')),
    fc.option(text.map((value) => `"${value.replace(/(["\\])/g, '\\$1')}"`)),
    fc.option(fc.constantFrom('t', 'T', 'true', 'TRUE', 'True', 'f', 'FALSE', 'fALSE')),
    fc.option(fc.bigInt({ min: 0n, max: 2n ** 63n - 1n })),
    fc.constantFrom('\n', '\n', '\r\n', '\n# a remark\n', '  \n'),
  )
  .map(([host, id, value, name, ok, time, end]) => {
    const fields = Object.entries({ id, value, name, ok })
      .filter(([, item]) => item !== null)
      .map(([key, item]) => `${key}=${item}`);
    const tags = host === null ? '' : `,host=${escapeName(host)}`;
    return `cpu${tags} ${fields.join(',')}${time === null ? '' : ` ${time}`}${end}`;
  });

test('line protocol is read alike by the kernel and without it', () => {
  const head = 'cpu,host=a id=1i,value=0.5,name="a",ok=t 1763719200123456789\n';
  const plan = planLines(Buffer.from(head), 'influx', {});
  let taken = 0;
  fc.assert(
    fc.property(fc.array(influxLine, { minLength: 1, maxLength: 2 }), (lines) => {
      if (compare(Buffer.from(lines.join('')), plan)) taken += 1;
    }),
    { seed, numRuns: 150 },
  );
  expect(taken).toBeGreaterThan(5);
});

test('names that need escapes in a line are left to the general way', () => {
  expect(LinesKernel.open('influx', ['a b'], '\x1f')).toBeUndefined();
  expect(LinesKernel.open('ndjson', ['a"b'], '\x1f')).toBeUndefined();
  expect(LinesKernel.open('ndjson', ['a b'], '\x1f')).toBeDefined();
  expect(LinesKernel.open('ndjson', ['a'], ',')).toBeUndefined();
});

test('the kernel was compiled from its sources', async () => {
  const script = new URL('../../scripts/kernels.mjs', import.meta.url).pathname;
  const { sourceDigest } = (await import(script)) as { sourceDigest(kernel: string): string };
  expect(KERNEL_SOURCE).toBe(sourceDigest('lines'));
});

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  bytesInMemory,
  CensusKernel,
  KERNEL_CHUNK_BYTES,
} from '../../src/formats/csv/census-kernel.ts';
import { close, memfdCreate } from '../../src/kernel/calls.ts';
import { MEMFD } from '../../src/kernel/constants.ts';
import { checkRecords, type RecordRules } from '../../src/kernel/records.ts';
import { CHECK_CODE } from '../../src/kernel/records-code.ts';
import type { Fd } from '../../src/kernel/syscall.ts';

const COMMA = 44;
const LF = 10;
const QUOTE = 34;
const kernel = new CensusKernel();

/** What the WebAssembly kernel says of the same bytes. */
function expected(bytes: Uint8Array, { byte, ...rules }: RecordRules): boolean {
  const scan = kernel.scan(bytesInMemory(bytes), byte, KERNEL_CHUNK_BYTES, rules);
  return scan.stoppedAt === bytes.length;
}

/** undefined where there is no machine code for this processor. */
async function checked(bytes: Uint8Array, rules: RecordRules): Promise<boolean | undefined> {
  const fd = memfdCreate('records', MEMFD.MFD_CLOEXEC) as Fd;
  try {
    writeSync(fd, bytes);
    return await checkRecords(fd, bytes.length, rules)?.plain;
  } finally {
    close(fd);
  }
}

const isAble =
  (await checked(Buffer.from('a\n'), {
    byte: 0,
    delimiter: COMMA,
    lineEnd: LF,
    quote: QUOTE,
    fields: 1,
  })) !== undefined;
const ABLE = { skip: !isAble };

/** Fields as they come, a few of them broken. */
const field = fc.oneof(
  { weight: 20, arbitrary: fc.stringMatching(/^[a-z0-9 é]{0,20}$/) },
  {
    weight: 5,
    arbitrary: fc.stringMatching(/^("")?[a-z,\n\r]{0,40}("")?$/).map((text) => `"${text}"`),
  },
  { weight: 1, arbitrary: fc.constantFrom('"', '""', 'a"b', '"a"b', '\r', '', 'a\r', '"a"\r') },
);
const end = fc.oneof(
  { weight: 20, arbitrary: fc.constant('\n') },
  { weight: 8, arbitrary: fc.constant('\r\n') },
  { weight: 1, arbitrary: fc.constantFrom('', '\n\n', '\r', ',\n') },
);
const text = fc.integer({ min: 1, max: 7 }).chain((fields) =>
  fc
    .array(fc.tuple(fc.array(field, { minLength: fields, maxLength: fields }), end), {
      maxLength: 40,
    })
    .map((rows) => ({ fields, csv: rows.map(([row, last]) => row.join(',') + last).join('') })),
);

test('the machine code and the WebAssembly kernel agree', ABLE, async () => {
  let plain = 0;
  await fc.assert(
    fc.asyncProperty(text, fc.boolean(), fc.nat(3), async ({ fields, csv }, quotes, byte) => {
      const bytes = Buffer.from(csv);
      if (bytes.length <= byte) return;
      const quote = quotes ? QUOTE : -1;
      const rules = { byte, delimiter: COMMA, lineEnd: LF, quote, fields };
      const wanted = expected(bytes, rules);
      plain += wanted ? 1 : 0;
      expect(await checked(bytes, rules)).toBe(wanted);
    }),
    { numRuns: 3000 },
  );
  expect(plain).toBeGreaterThan(100);
});

test('every single byte of a long text counts', ABLE, async () => {
  const row = 'device-1,2025-01-01 00:00:00,"a ""quoted"", text",17.25\n';
  const bytes = Buffer.from(row.repeat(60_000));
  const rules = { byte: 0, delimiter: COMMA, lineEnd: LF, quote: QUOTE, fields: 4 };
  expect(await checked(bytes, rules)).toBe(true);
  for (let round = 0; round < 40; round += 1) {
    const at = Math.floor(((round + 0.5) / 40) * bytes.length);
    const before = bytes[at] as number;
    for (const byte of [COMMA, LF, QUOTE]) {
      bytes[at] = byte;
      expect([at, byte, await checked(bytes, rules)]).toEqual([at, byte, expected(bytes, rules)]);
    }
    bytes[at] = before;
  }
});

test('more fields than a word has bits', ABLE, async () => {
  for (const fields of [63, 64, 65, 200, 4096]) {
    const rules = { byte: 0, delimiter: COMMA, lineEnd: LF, quote: QUOTE, fields };
    const row = `${',x'.repeat(fields - 1)}\n`;
    expect(await checked(Buffer.from(row.repeat(50)), rules)).toBe(true);
    expect(await checked(Buffer.from(`${row.repeat(50)},${row}`), rules)).toBe(false);
    expect(await checked(Buffer.from(`${row.repeat(50)}\n${row}`), rules)).toBe(false);
  }
});

test('the bytes are the assembled source', (context) => {
  if (process.arch !== 'x64') context.skip(`no cross assembler for x64 on ${process.arch}`);
  const folder = mkdtempSync(join(tmpdir(), 'nairobi-asm-'));
  try {
    const [object, binary] = [join(folder, 'o'), join(folder, 'bin')];
    const as = spawnSync('as', ['-o', object, 'src/kernel/asm/records-x64.s']);
    if (as.error !== undefined) context.skip('as is not installed');
    expect(as.stderr.toString()).toBe('');
    spawnSync('objcopy', ['-O', 'binary', '-j', '.text', object, binary]);
    expect(CHECK_CODE).toBe(readFileSync(binary).toString('hex'));
  } finally {
    rmSync(folder, { recursive: true });
  }
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DataFrame, polars, toFrame } from '../../src/compute/polars.ts';
import { NairobiError } from '../../src/errors.ts';
import { arrowSchemaBytes, END_OF_STREAM } from '../../src/formats/blocks/arrow.ts';
import { avroHeaderBytes } from '../../src/formats/blocks/avro.ts';
import type { BlockFormat } from '../../src/formats/blocks/blocks.ts';
import { blockSegments } from '../../src/formats/blocks/segments.ts';
import { decodeColumnar } from '../../src/formats/columnar.ts';
import { cut } from '../../src/formats/cut.ts';
import { decode } from '../../src/formats/decode.ts';

const pl = polars();

function frameOf(rows: readonly number[], asCategory = false): DataFrame {
  const frame = pl.DataFrame({
    id: rows.map((n) => n * 1.5),
    name: rows.map((n) => (n % 7 === 0 ? null : `name ${n % 5}`)),
    long: rows.map((n) => 'x'.repeat(n % 40)),
  });
  // Of nulls alone the type would be another one.
  return frame.withColumns(pl.col('name').cast(asCategory ? pl.Categorical : pl.Utf8));
}

/** One header, then the blocks of each frame behind the header's mark. */
function avroOf(frames: readonly DataFrame[], compression: 'uncompressed' | 'deflate' | 'snappy') {
  const files = frames.map((frame) => Buffer.from(frame.writeAvro({ compression })));
  const header = files[0]?.subarray(0, avroHeaderBytes(files[0])) ?? Buffer.alloc(0);
  const blocks = files.flatMap((file) => {
    const start = avroHeaderBytes(file) ?? 0;
    return file.length === start ? [] : [file.subarray(start, -16), header.subarray(-16)];
  });
  return Buffer.concat([header, ...blocks]);
}

/** One schema, then the batches of each frame, their dictionaries before them. */
function arrowOf(frames: readonly DataFrame[], end = true): Buffer {
  const files = frames.map((frame) => Buffer.from(frame.writeIPCStream()));
  const schema = files[0]?.subarray(0, arrowSchemaBytes(files[0])) ?? Buffer.alloc(0);
  const batches = files.map((file) => file.subarray(arrowSchemaBytes(file) ?? 0, -8));
  return Buffer.concat([schema, ...batches, ...(end ? [END_OF_STREAM] : [])]);
}

/** The rows, cut wherever `sizes` let the reader have bytes. */
function inSegments(content: Buffer, format: BlockFormat, size: number): string {
  const segments = blockSegments(content, format, 'file');
  // So short that it is read whole.
  if (segments === undefined) return whole(content, format);
  const texts: string[] = [];
  const { rules, start } = segments;
  for (let from = start.byte, most = size; from < content.length; ) {
    const bytes = content.subarray(from, from + most);
    const found = cut(bytes, rules, from + most >= content.length);
    most = found.byteLength === 0 ? 2 * most : size;
    if (found.byteLength === 0) continue;
    const segment = {
      bytes: bytes.subarray(0, found.byteLength),
      cut: found,
      place: { byte: from, line: 1 },
    };
    const frame = segments.read(segment, ['name', 'id', 'long']);
    texts.push(frame.writeCSV({ includeHeader: texts.length === 0 }).toString());
    from += found.byteLength;
  }
  return texts.join('');
}

function whole(content: Buffer, format: BlockFormat): string {
  const frame = decodeColumnar({ path: 'file', bytes: content }, format).read([
    'name',
    'id',
    'long',
  ]);
  return (frame as DataFrame).writeCSV().toString();
}

const blocks = fc.array(
  fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 1, maxLength: 30 }),
  {
    minLength: 1,
    maxLength: 8,
  },
);
const size = fc.integer({ min: 1, max: 3000 });

describe('contents of blocks', () => {
  it('have the same rows in segments of any size: Avro', () => {
    const codec = fc.constantFrom('uncompressed', 'deflate', 'snappy');
    fc.assert(
      fc.property(blocks, codec, size, (lists, compression, bytes) => {
        const content = avroOf(
          lists.map((rows) => frameOf(rows)),
          compression,
        );
        expect(inSegments(content, 'avro', bytes)).toBe(whole(content, 'avro'));
      }),
      { numRuns: 25 },
    );
  });

  it('have the same rows in segments of any size: Arrow streams, with an end or without', () => {
    fc.assert(
      fc.property(blocks, size, fc.boolean(), (lists, bytes, end) => {
        const content = arrowOf(
          lists.map((rows) => frameOf(rows)),
          end,
        );
        expect(inSegments(content, 'arrow-stream', bytes)).toBe(whole(content, 'arrow-stream'));
      }),
      { numRuns: 25 },
    );
  });

  it('know the dictionaries of earlier segments', () => {
    const file = Buffer.from(frameOf([1, 2, 3, 8, 9], true).writeIPCStream());
    const schema = arrowSchemaBytes(file) ?? 0;
    // The dictionary and one batch, then the batch once more without its dictionary.
    const last = file.subarray(schema, -8);
    const at = last.indexOf(Buffer.from([0xff, 0xff, 0xff, 0xff]), 8);
    const content = Buffer.concat([file.subarray(0, -8), last.subarray(at), END_OF_STREAM]);
    const text = inSegments(content, 'arrow-stream', 64);
    expect(text).toBe(whole(content, 'arrow-stream'));
    expect(text.split('\n')).toHaveLength(12);
  });

  it('that are cut off or damaged are errors, never fewer rows in silence', () => {
    const lists = [
      [1, 2, 3],
      [4, 5, 6, 7],
    ];
    const avro = avroOf(
      lists.map((rows) => frameOf(rows)),
      'uncompressed',
    );
    const arrow = arrowOf(
      lists.map((rows) => frameOf(rows)),
      false,
    );
    const contents = [
      ['avro', avro],
      ['arrow-stream', arrow],
    ] as const;
    for (const [format, content] of contents) {
      const all = inSegments(content, format, 4096);
      const start = blockSegments(content, format, 'file')?.start.byte ?? 0;
      expect(start).toBeGreaterThan(0);
      for (let length = start; length < content.length; length += 3) {
        const some = tried(() => inSegments(content.subarray(0, length), format, 4096));
        // Where a block ends, so might the content.
        if (typeof some === 'string') expect(all.startsWith(some)).toBe(true);
        else expect(some).toMatchObject({ code: 'BAD_DATA' });
      }
    }
    const broken = Buffer.from(avro);
    broken.fill(0x55, broken.length - 10);
    expect(tried(() => inSegments(broken, 'avro', 4096))).toMatchObject({ code: 'BAD_DATA' });
  });

  it('never crash on bytes that are anything', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (noise, isAvro) => {
        const good = isAvro ? avroOf([frameOf([1, 2])], 'snappy') : arrowOf([frameOf([1, 2])]);
        const format = isAvro ? 'avro' : 'arrow-stream';
        const start = blockSegments(good, format, 'file')?.start.byte ?? 0;
        const content = Buffer.concat([good.subarray(0, start), noise]);
        const outcome = tried(() => inSegments(content, format, 50));
        if (typeof outcome !== 'string') expect(outcome).toMatchObject({ code: 'BAD_DATA' });
      }),
      { numRuns: 100 },
    );
  });
});

function tried(work: () => string): string | NairobiError {
  try {
    return work();
  } catch (error) {
    if (error instanceof NairobiError) return error;
    throw error;
  }
}

describe('a content of blocks that is cut off', () => {
  const parts = [0, 1, 2].map((part) => frameOf(Array.from({ length: 50 }, (_, n) => part + n)));

  it.each([
    ['arrow-stream', arrowOf(parts)],
    ['avro', avroOf(parts, 'deflate')],
  ] as const)('%s is an error anywhere but between two blocks', (format, content) => {
    const counts = new Set<number>();
    const ends: number[] = [];
    for (let at = 4; at < content.length; at += 1) {
      try {
        const bytes = content.subarray(0, at);
        counts.add(toFrame(decode({ path: 'cut', bytes }, { format }).read(['name'])).height);
        ends.push(at);
      } catch (error) {
        expect(error).toBeInstanceOf(NairobiError);
        expect((error as NairobiError).code).toBe('BAD_DATA');
      }
    }
    // Behind the header and behind each block.
    expect([...counts].toSorted((a, b) => a - b)).toEqual(COUNTS[format]);
    expect(ends.length).toBeLessThanOrEqual(4);
  });
});

/** Rows of what may be the whole content; Polars does not take an Avro header alone. */
const COUNTS: Readonly<Record<BlockFormat, readonly number[]>> = {
  'arrow-stream': [0, 50, 100, 150],
  avro: [50, 100],
};

/** Draws a user's specification in a child: what it asks for may not take this process with it. */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { collect, polars } from '../../compute/polars.ts';
import type { Relation } from '../../compute/relation.ts';
import { type ErrorJson, messageOf, NairobiError } from '../../errors.ts';
import type { Row } from '../../render/chart.ts';
import { fieldOf, labelOf, numberOf } from '../../render/fields.ts';
import { type Drawn, MAX_SPEC_ROWS, type UserSpecOptions } from '../../render/user-spec.ts';
import { threadEntry } from '../../thread-entry.ts';
import { formatCount } from '../../units.ts';

export type SpecAnswer =
  | { readonly ok: true; readonly bytes: Uint8Array; readonly warnings: readonly string[] }
  | { readonly ok: false; readonly error: ErrorJson };

/** JavaScript objects of a million rows take about this much. */
const HEAP_MB = 1024;
/** Charts take seconds; a specification that runs longer is in a loop. */
const DRAW_MS = 60_000;

/**
 * NairobiError MEMORY_LIMIT or TIMEOUT where the specification is too greedy. A thread would not
 * do: V8 ends the whole process when one array outgrows its heap (measured, "sequence(1e9)").
 */
export async function drawSpec(options: UserSpecOptions): Promise<Drawn> {
  const child = fork(childEntry(), [], {
    execArgv: [`--max-old-space-size=${HEAP_MB}`],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  let timer: NodeJS.Timeout | undefined;
  try {
    const answered = await new Promise<SpecAnswer>((resolve, reject) => {
      timer = setTimeout(() => reject(tooSlow(options.file)), DRAW_MS);
      child.once('message', (message) => resolve(message as SpecAnswer));
      child.once('error', (cause) => reject(ended(options.file, messageOf(cause))));
      child.once('exit', (code, signal) => reject(ended(options.file, signal ?? `status ${code}`)));
      child.send(options);
    });
    if (answered.ok) return { bytes: Buffer.from(answered.bytes), warnings: answered.warnings };
    throw new NairobiError(answered.error.code, answered.error.message, answered.error);
  } finally {
    clearTimeout(timer);
    child.kill('SIGKILL');
  }
}

function childEntry(): string {
  return fileURLToPath(threadEntry('spec', './spec-child.ts', import.meta.url));
}

function tooSlow(file: string): NairobiError {
  return new NairobiError(
    'TIMEOUT',
    `Drawing the specification took more than ${DRAW_MS / 1000} s`,
    {
      where: { file },
      hint: 'aggregate the rows before, with --sql or "nairobi query"',
    },
  );
}

/** V8 gives up on its heap with SIGABRT, the kernel on memory with SIGKILL. */
function ended(file: string, how: string): NairobiError {
  if (how !== 'SIGABRT' && how !== 'SIGKILL') {
    return new NairobiError('BAD_DATA', `Drawing the specification ended with ${how}`, {
      where: { file },
    });
  }
  return new NairobiError(
    'MEMORY_LIMIT',
    'The specification needs more memory than a chart may take',
    {
      where: { file },
      hint: 'it makes too many rows: aggregate before, or bound its sequences and crosses',
    },
  );
}

/** Every row with the names and kinds a specification sees: times are milliseconds. */
export async function rowsForSpec(relation: Relation, zone: string): Promise<Row[]> {
  const pl = polars();
  const fields = await Promise.all(
    relation.columns.map((column) => fieldOf(relation, column.name)),
  );
  const exprs = fields.map((field) =>
    (field.measure === 'nominal' ? labelOf(field) : numberOf(field, zone)).alias(field.name),
  );
  const height = Number(
    collect(relation.scan().select(pl.len().cast(pl.Float64)))
      .getColumn('len')
      .get(0),
  );
  if (height > MAX_SPEC_ROWS) {
    throw new NairobiError(
      'BAD_DATA',
      `${formatCount(height)} rows are too many for a specification`,
      {
        hint: 'aggregate before, with --sql or "nairobi query", or let plot reduce them with -x and -y',
      },
    );
  }
  const frame = collect(relation.scan().select(...exprs));
  const columns = fields.map((field) => frame.getColumn(field.name).toArray() as Row[string][]);
  return Array.from({ length: frame.height }, (_, row) =>
    Object.fromEntries(fields.map((field, index) => [field.name, columns[index]?.[row] ?? null])),
  );
}

/** The other side of copy.sh: DuckDB's COPY at the same compression and threads. */
import { availableParallelism } from 'node:os';
import { DuckDBInstance } from '@duckdb/node-api';

const [input, output] = process.argv.slice(2);
const instance = await DuckDBInstance.create(':memory:', {
  threads: String(availableParallelism()),
});
const connection = await instance.connect();
const reader = input.endsWith('.ndjson') ? 'read_json' : 'read_csv';
await connection.run(
  `copy (select * from ${reader}('${input}')) to '${output}' (format parquet, compression zstd)`,
);

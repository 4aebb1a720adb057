/** The other side of copy.sh: DuckDB's COPY at the same compression and threads. */
import { availableParallelism } from 'node:os';
import { DuckDBInstance } from '@duckdb/node-api';

const [input, output] = process.argv.slice(2);
const instance = await DuckDBInstance.create(':memory:', {
  threads: String(availableParallelism()),
});
const connection = await instance.connect();
await connection.run(
  `copy (select * from read_csv('${input}')) to '${output}' (format parquet, compression zstd)`,
);

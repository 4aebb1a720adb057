// The peer: DuckDB's node-api in a bare script.  node bench/query/duckdb.mjs SQL THREADS
import { DuckDBInstance } from '@duckdb/node-api';

const [sql, threads] = process.argv.slice(2);
const instance = await DuckDBInstance.create(':memory:', { threads });
const connection = await instance.connect();
const reader = await connection.runAndReadAll(sql);
for (const row of reader.getRowsJson()) console.log(row.join(','));

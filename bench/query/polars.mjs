// The peer: what a person writes by hand with nodejs-polars.  node bench/query/polars.mjs FILE
import pl from 'nodejs-polars';

const [file] = process.argv.slice(2);
const scan = file.endsWith('.parquet') ? pl.scanParquet(file) : pl.scanCSV(file);
const result = scan
  .groupBy('device')
  .agg(
    pl.len().alias('n'),
    pl.col('temp').mean().alias('temp'),
    pl.col('humidity').max().alias('humidity'),
    pl.col('seq').sum().alias('seq'),
  )
  .sort('device')
  .collectSync({ engine: 'streaming' });
process.stdout.write(result.writeCSV({ includeHeader: false }));

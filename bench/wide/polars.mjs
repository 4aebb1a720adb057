// The peer: what a person writes by hand with nodejs-polars.  node bench/wide/polars.mjs FILE
import pl from 'nodejs-polars';

const points = pl.col('points');
const result = pl
  .scanCSV(process.argv[2])
  .select(
    points.count().alias('count'),
    points.min().alias('min'),
    points.max().alias('max'),
    points.mean().alias('mean'),
    points.std().alias('std'),
    points.var().alias('variance'),
    points.quantile(0.95, 'linear').alias('p95'),
    points.quantile(0.99, 'linear').alias('p99'),
    points.skew(false).alias('skewness'),
    points.kurtosis(true, false).alias('kurtosis'),
    pl.pearsonCorr('minutes', 'plus_minus').alias('pearson'),
    pl.spearmanRankCorr('minutes', 'plus_minus').alias('spearman'),
  )
  .collectSync({ engine: 'streaming' });
process.stdout.write(result.writeCSV({ includeHeader: false }));

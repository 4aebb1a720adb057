select count(*), count(n), count(distinct n), sum(distinct n), avg(distinct n), min(n), max(n) from t
select first(id order by id), last(id order by id), arbitrary(1), first(n order by id desc) from t
select arg_max(id, n), arg_min(id, n), max_by(color, id), min_by(color, id), argmax(id, x), arg_max(color, id) from t where n is not null
select string_agg(distinct color, ',' order by color), string_agg(note, ', ' order by note desc) filter (where id < 4) from t
select corr(n, x), covar_pop(n, x), covar_samp(n, x), regr_slope(n, x), regr_intercept(n, x), regr_r2(n, x), regr_count(n, x), regr_avgx(n, x), regr_avgy(n, x), regr_sxx(n, x), regr_sxy(n, x), regr_syy(n, x) from t
select product(x) from t where id between 1 and 5
select count_if(n > 50), countif(flag), count(*) filter (where flag), count() from t
select color, count(*) filter (where flag), sum(n) filter (where id > 100), max(x) filter (where x < 0), list(id order by id) filter (where id < 8), median(x) filter (where flag) from t group by color order by 1
select approx_count_distinct(color), approx_count_distinct(flag) from t
select color, flag, count(*), grouping(color, flag) from t group by cube (color, flag) order by 1, 2, 4
select color, count(*) from t group by grouping sets ((color), ()) order by 1, 2
select sum(n) from t having sum(n) > 0
select n % 3 as k, count(*) from t group by all order by all
select count(distinct color) filter (where flag) from t
select max(color), min(color), max(day), min(ts), max(flag), min(flag) from t
select sum(id) / count(*), round(avg(price), 2), sum(price) * 2, sum(n)::varchar from t
select sum(x * id) / sum(id) from t where x is not null
select max(n) - min(n) as spread from t group by color order by spread
select list(n % 2 order by id)[1], first(color order by n, id), last(color order by n nulls first, id) from t
select arg_max(id, x, 3), arg_min(id, x, 2), max(id, 3), min(x, 2) from t
select color, arg_max(id, x, 2), max(n, 2) from t group by color order by 1
select median(n), median(x), quantile_cont(n, 0.25), quantile_disc(n, 0.25), quantile_cont(x, [0.25, 0.5, 0.75]), mad(n), mode(color) from t
select geomean(n), geometric_mean(n + 1), favg(x), fsum(x), kahan_sum(x), mean(x) from t where n > 0
select bool_and(n > -1), bool_or(n > 98), bit_and(n), bit_or(n), bit_xor(n) from t
select string_agg(color, ',' order by id), group_concat(color, '/' order by id desc), listagg(color, '-' order by id) from t where id < 9
select percentile_cont(0.5) within group (order by n), percentile_disc(0.9) within group (order by n), percentile_cont(0.25) within group (order by x desc) from t
select quantile_disc(day, 0.5), median(day), median(ts), quantile_cont(ts, 0.25), percentile_disc([0.1, 0.9]) within group (order by n) from t
select quantile_cont(price::double, 0.5), quantile_disc(price, 0.1), mode(n % 4) from t
select stddev(n), stddev_pop(n), variance(n), var_pop(n), sem(n), skewness(n), kurtosis(n), kurtosis_pop(n), entropy(color) from t
select histogram(flag), mode(flag), entropy(n % 4) from t

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
select bitstring_agg is null from (select null as bitstring_agg)
select max(n) - min(n) as spread from t group by color order by spread
select list(n % 2 order by id)[1], first(color order by n, id), last(color order by n nulls first, id) from t

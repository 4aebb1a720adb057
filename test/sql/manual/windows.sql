select id, sum(n) over (order by id rows between 1 preceding and 1 following), avg(n) over (order by id rows 2 preceding) from t order by id
select id, lag(n, 2, 0) over w, lead(color) over w, ntile(3) over w, percent_rank() over w, cume_dist() over w, row_number() over w from t window w as (partition by flag order by id)
select id, sum(n) over w1, avg(n) over (w1 rows 3 preceding) from t window w1 as (partition by color order by id)
select id, rank() over w as r from t window w as (partition by color order by n desc, id) qualify r <= 2
select id, sum(n) filter (where flag) over (order by id), count(*) filter (where n > 50) over (partition by color order by id rows 5 preceding) from t
select id, sum(sum(n)) over (order by id) from t group by id order by id
select color, sum(n) as s, sum(n) / sum(sum(n)) over () as share, rank() over (order by sum(n) desc) from t group by color
select id, n - lag(n) over (order by id) as d, avg(n) over (order by id rows between 6 preceding and current row) as ma7 from t order by id limit 20
select distinct color, count(*) over (partition by color) from t order by 1
select id, sum(n) over (order by id range between 5 preceding and 2 following), count(*) over (order by n range between 3 preceding and 3 following) from t order by id
select id, sum(x) over (order by n range between 10 preceding and current row), min(x) over (order by n range between current row and 7 following) from t
select id, count(*) over (order by ts range between interval 3 hours preceding and interval 1 hour following), sum(n) over (partition by color order by day range between interval 30 days preceding and current row) from t
select id, sum(n) over (order by color groups between 1 preceding and 1 following), count(*) over (order by n groups 2 preceding), first_value(id) over (order by n, id groups between 1 preceding and 1 following) from t
select id, sum(n) over (order by id rows between 2 preceding and 2 following exclude current row), count(*) over (order by color, id rows between unbounded preceding and unbounded following exclude current row) from t
select id, sum(n) over (order by color rows between unbounded preceding and unbounded following exclude group), count(*) over (order by color range between unbounded preceding and unbounded following exclude ties) from t
select id, avg(x) over (partition by color order by id groups between 3 preceding and 1 following exclude ties), max(n) over (partition by color order by n, id rows between 3 preceding and 3 following exclude group) from t where id < 100
select id, first_value(n ignore nulls) over (order by id), last_value(n ignore nulls) over (order by id), lag(n ignore nulls) over (order by id), lead(n, 2 ignore nulls) over (order by id) from t
select id, nth_value(n, 2) over (order by id), nth_value(n, 2 ignore nulls) over (partition by color order by id rows between unbounded preceding and unbounded following), nth_value(n, 3) over (order by id rows between 1 preceding and 4 following) from t
select id, first_value(n ignore nulls) over (order by id rows between 2 preceding and 2 following), last_value(x ignore nulls) over (partition by color order by id rows between 3 preceding and current row) from t
select id, median(n) over (order by id rows 4 preceding), string_agg(color, $$,$$) over (order by id rows 2 preceding), list(n) over (order by id rows 1 preceding), stddev(x) over (order by id rows 9 preceding) from t
select id, count(distinct n) over (partition by color), sum(distinct n) over (partition by flag), median(x) over (partition by color) from t
select id, max(id) over (order by id rows between unbounded preceding and 3 preceding), min(n) over (order by id rows between 2 following and unbounded following), sum(x) over (order by id rows between current row and unbounded following) from t
select id, sum(n) over (order by id desc range between 3 preceding and 1 preceding), sum(n) over (partition by color order by price range between 100.5 preceding and 50 following), count(*) over (order by x range between 5.5 preceding and 2.25 following) from t
select id, arg_max(id, x) over (partition by color), bool_or(flag) over (order by id rows 2 preceding), mode(n) over (partition by flag) is not null, quantile_cont(x, 0.9) over (partition by color) from t
select id, fill_it from (select id, last_value(n ignore nulls) over (order by id) as fill_it from t) order by id limit 30

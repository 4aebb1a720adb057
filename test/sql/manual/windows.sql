select id, sum(n) over (order by id rows between 1 preceding and 1 following), avg(n) over (order by id rows 2 preceding) from t order by id
select id, lag(n, 2, 0) over w, lead(color) over w, ntile(3) over w, percent_rank() over w, cume_dist() over w, row_number() over w from t window w as (partition by flag order by id)
select id, sum(n) over w1, avg(n) over (w1 rows 3 preceding) from t window w1 as (partition by color order by id)
select id, rank() over w as r from t window w as (partition by color order by n desc, id) qualify r <= 2
select id, sum(n) filter (where flag) over (order by id), count(*) filter (where n > 50) over (partition by color order by id rows 5 preceding) from t
select id, sum(sum(n)) over (order by id) from t group by id order by id
select color, sum(n) as s, sum(n) / sum(sum(n)) over () as share, rank() over (order by sum(n) desc) from t group by color
select id, n - lag(n) over (order by id) as d, avg(n) over (order by id rows between 6 preceding and current row) as ma7 from t order by id limit 20
select distinct color, count(*) over (partition by color) from t order by 1

with recursive r(i) as (select 1 union all select i + 1 from r where i < 10) select * from r order by i
with recursive fib(a, b) as (select 0::bigint, 1::bigint union all select b, a + b from fib where b < 1000) select a from fib order by a
with recursive walk(id, depth) as (select id, 0 from t where id = 0 union select t.id, depth + 1 from walk join t on t.id = walk.id * 2 + 1 or t.id = walk.id * 2 + 2 where t.id < 50) select * from walk order by id
with recursive cyc(a) as (select 1 union select (a * 7) % 13 from cyc) select count(*), min(a), max(a) from cyc
select t.id, s.c from t, lateral (select count(*) as c from u where u.n = t.n) s where t.id < 20 order by 1
select t.id, s.uid, s.y from t cross join lateral (select u.id as uid, y from u where u.color = t.color order by y desc limit 2) s where t.id < 10 order by 1, 2
select t.id, s.m from t left join lateral (select max(y) as m from u where u.id < t.id and u.n = t.n) s on true where t.id < 30 order by 1
select t.id, s.total from t, lateral (select sum(y) + t.id as total from u where u.y < t.x) s where t.id < 20 order by 1
select t.id, s.v from t, lateral (select t.id * 2 as v) s where t.id < 5 order by 1
select t.id, s.v from t, lateral (values (t.id), (t.n)) s(v) where t.id < 5 order by 1, 2
select t.id, s.i from t, lateral (select * from generate_series(1, t.id)) s(i) where t.id < 4 order by 1, 2
select t.id, i from t, generate_series(1, t.id) g(i) where t.id < 4 order by 1, 2
select id from t where n > all (select n from u where n is not null and n < 20) order by id
select id from t where n >= any (select n from u where n > 10) order by id
select id, n < all (select n from u), n > any (select n from u), n = any (select n from u), n <> all (select n from u where n is not null) from t order by id
select id from t where x > all (select y from u where u.n = t.n) order by id
select id, (select max(u.y) from u where u.id < t.id), (select count(*) from u where u.y < t.x) from t order by id
select id, (select y from u where u.n = t.n order by y desc limit 1) from t order by id
select id, exists (select 1 from u where u.n = t.n and u.y > t.x), n in (select n from u where u.id < t.id) from t order by id
select id from t where n in (select n from u where u.id < t.id) or id < 3 order by id
select id from t where id in (select max(id) from t group by color) order by id
select * from (select id from t order by id limit 3) a positional join (select id as uid from u order by id desc limit 2) b
select * from (values (1), (2)) a(x) cross join (values (3), (4)) b(y) order by 1, 2
select color, id, n from t where id < 3 union by name select id, color from t where id = 5 order by id
select id, color from t where id < 5 union all by name select color, id from t where id = 7 order by id
select id from t order by id limit 10
select id from t order by id limit 5 offset 3
select count(*) from (select * from t using sample 10 rows)
select count(*) from t tablesample 100%
select distinct on (color) color, id from t order by color, id desc
from t select id, n where id < 5 order by id
select * exclude (note, day, ts) from t where id < 3 order by id
select columns('o') from t where id < 3 order by all
select id as a, a * 2 as b, b + 1 as c from t where c < 20 order by a
select columns('.*o.*') from t where id < 3 order by all
pivot (select color, n from t) on color using sum(n)
pivot (select color, flag, n from t) on color using sum(n) group by flag order by flag
pivot (select color, flag, n from t) on color in ($$red$$, $$blue$$) using sum(n) as s, count(*) as c group by flag order by flag
from (select color, flag, n from t) pivot (sum(n) for color in ($$red$$, $$blue$$) group by flag) order by flag
from (select color, flag, n from t) pivot (max(n) as m, min(n) as l for color in ($$red$$ as r, $$blue$$ as b)) order by flag
pivot (select color, flag, n from t where color is not null) on color, flag using count(*)
unpivot (select id, n, id * 2 as m from t where id < 5) on n, m into name k value v order by id, k
from (select id, n, id * 2 as m from t where id < 12) unpivot (v for k in (n, m)) order by id, k
from (select id, n, id * 2 as m from t where id < 12) unpivot include nulls (v for k in (n, m)) order by id, k
unpivot (select id, n, id * 2 as m from t where id < 5) on columns(* exclude (id)) into name k value v order by id, k
select a.id, b.id from t a join t b on a.id = b.id + 1 and a.color = b.color order by 1
select x.id from t x where exists (select * from u where u.id = x.id and u.y > 50) order by 1
with a as materialized (select id from t where id < 3), b as not materialized (select id from u where id < 2) select * from a, b order by 1, 2
select id, row_number() over () from t where id < 1
select (select 1), (select max(id) from t) - 1, array(select id from t where id < 4 order by id)
select 1 as "Select", 'it''s', e'a\nb', $$dollar$$
select count(*) from t group by ()
values (1, $$a$$), (2, $$b$$) order by 1 desc limit 1
select * from (select id, color from t limit 0) s
select t.*, u.y from t left join u on t.id = u.id where t.id in (1, 59, 60) order by t.id
select sum(c) from (select count(*) as c from t group by color having count(*) > 10)
select * from t a natural join (select id, n from t where id < 3) b order by id
select count(*) from t full outer join u using (id)
select u.color, count(*) from t right join u on t.color = u.color group by 1 order by 1
select id from t where id = 1 union (select id from u where id = 2) order by 1
select id from t intersect select id from u order by id limit 3
select id from t except select id from u order by id limit 3
select a.id from t a where a.n = (select min(b.n) from t b where b.color = a.color) order by 1
select id from t where color not in (select color from u where color is not null) order by id
select id from t where not exists (select 1 from u where u.color = t.color) order by id limit 5

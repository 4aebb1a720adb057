select coalesce(null, null, 3), ifnull(null, 1), nullif(1, 1), 1 is null, null is null, 1 isnull, 1 notnull
select true and null, false and null, true or null, not null, null = null, null is not distinct from null, 1 is distinct from null
select 1 between 0 and 2, 5 not between 1 and 3, 1 in (1, null), 2 in (1, null), 2 not in (1, null)
select true is true, null is true, false is not true, null is unknown, true::int, 'yes'::boolean, 't'::bool, 0::boolean
select id, decode_it from (select id, case id when 1 then 10 when 2 then 20 else 0 end as decode_it from t where id < 4) order by 1
select xor(true::int, false::int), true > false, least(true, false), greatest(true, false)
select id from t where (id, color) in ((1, $$red$$), (3, $$blue$$)) order by id
select id from t where (id, n) > (195, 3) order by id

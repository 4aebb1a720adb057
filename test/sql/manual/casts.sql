select '1'::int, '1.9'::decimal(3,1), 'abc'::varchar(2), 1::text, 1.5::varchar, true::varchar, null::int
select try_cast('x' as int), try_cast('1' as int), try_cast('2024-13-01' as date), try_cast('nan' as double)
select 3000000000::bigint, 1e5::int, 127::tinyint, '  5 '::int, '+5'::int, '-0'::int, '1e3'::double
select [1, 2]::varchar, ['a', null]::varchar, [1.5]::varchar, '[1, 2, 3]'::int[]
select 'true'::boolean, 'f'::boolean, 1::boolean, 0.0::boolean, 'no'::boolean
select 1.5::int, 2.5::int, -1.5::int, 2.5::decimal(2,1)::int, 0.5::double::int, 1e18::bigint, 12345.678::decimal(10,1)
select '12:34'::time, '2024-1-5'::date, '2024-01-05 1:02:03'::timestamp, 'infinity'::double, '-inf'::double
select cast(id as varchar) || color, cast(x as decimal(10, 2)), cast(price as int), cast(flag as int), cast(day as varchar), cast(ts as date) from t where id < 10
select 1 from (select 1)
select date '2024-01-01'::varchar, timestamp '2024-01-01 12:00:00'::varchar, time '12:00:00'::varchar, interval '1 day'::varchar, interval '1 year 2 months 3 days 04:05:06.5'::varchar

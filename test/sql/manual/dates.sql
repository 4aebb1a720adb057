select date '2024-02-29' + 1, date '2024-02-29' - 1, date '2024-03-01' - date '2024-02-01', date '2024-01-31' + interval 1 month
select dayname(date '2024-02-29'), monthname(date '2024-02-29'), last_day(date '2024-02-10'), dayofweek(date '2024-02-25'), isodow(date '2024-02-25')
select extract(year from timestamp '2024-02-29 12:34:56.789'), extract(quarter from timestamp '2024-02-29 12:34:56.789'), extract(month from timestamp '2024-02-29 12:34:56.789'), extract(week from timestamp '2024-02-29 12:34:56.789')
select extract(milliseconds from timestamp '2024-02-29 12:34:56.789'), extract(microseconds from timestamp '2024-02-29 12:34:56.789'), extract(epoch from timestamp '2024-02-29 12:34:56.789'), extract(second from timestamp '2024-02-29 12:34:56.789')
select extract(isodow from date '2024-12-30'), extract(isoyear from date '2024-12-30'), extract(week from date '2024-12-30'), extract(doy from date '2024-12-31'), extract(yearweek from date '2024-12-30'), extract(dow from date '2024-12-29')
select date_part('day', date '2024-02-29')
select strptime('Feb 29 2024 1:04 PM', '%b %d %Y %I:%M %p'), strptime('20240229', '%Y%m%d')
select timestamp '2024-02-29 12:34:56' - timestamp '2024-02-28 10:00:00', timestamp '2024-02-29 12:34:56' + interval '1 day 2 hours 3 minutes'
select interval '1 day' = interval '24 hours', interval 3 hour > interval 90 minute, extract(day from interval '3 days 4 hours'), epoch(interval '1 hour')
select date_trunc('week', date '2024-03-01'), date_trunc('quarter', timestamp '2024-05-05 05:05:05'), date_trunc('century', timestamp '2024-05-05'), date_trunc('millennium', timestamp '2024-05-05'), date_trunc('millisecond', timestamp '2024-02-29 12:34:56.789123')
select greatest(date '2024-01-01', date '2024-02-01'), least(timestamp '2024-01-01', timestamp '2023-01-01'), coalesce(null, date '2024-01-01')
select '2024-02-29'::date, '2024-02-29 12:34'::timestamp, '12:34:56'::time, cast('2024-02-29T12:34:56Z' as timestamptz), date '2024-02-29'::timestamp, timestamp '2024-02-29 12:34:56'::time
select timestamp '2024-03-31 02:30:00' at time zone 'Europe/Rome' is null or true, timestamptz '2024-07-01 12:00:00+00' at time zone 'America/New_York', timestamp '2024-12-01 12:00:00' at time zone 'Asia/Kolkata'
select timezone('Europe/Rome', timestamp '2024-07-01 12:00:00'), timestamptz '2024-07-01 12:00:00+02', timestamptz '2024-07-01 12:00:00+02' + interval 1 day
select date_diff('minute', timestamp '2024-01-01 00:00:59', timestamp '2024-01-01 00:01:00'), date_diff('second', timestamp '2024-01-01', timestamp '2024-01-02'), date_diff('millisecond', timestamp '2024-01-01', timestamp '2024-01-01 00:00:01.5')
select current_date is not null, now() is not null, current_timestamp > timestamptz '2020-01-01', today() >= date '2020-01-01', current_time is not null, localtimestamp is not null
select date_trunc('hour', ts) as h, count(*) from t group by 1 having count(*) > 0 order by 1 limit 7
select unnest(generate_series(date '2024-01-30', date '2024-02-02', interval 1 day))
select range(3), range(1, 4), range(0, 10, 3), generate_series(3), generate_series(1, 4), generate_series(5, 1, -2)

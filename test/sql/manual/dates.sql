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
select date_add(date '2024-01-31', interval 1 month), date_sub('month', date '2024-01-31', date '2024-03-30'), date_diff('month', date '2024-01-31', date '2024-03-01')
select datediff('day', date '2024-01-01', date '2024-03-01'), datesub('year', date '2020-06-01', date '2024-05-31'), datetrunc('month', date '2024-05-17'), datepart('year', date '2024-05-17')
select make_date(2024, 2, 29), make_time(12, 34, 56.5), make_timestamp(2024, 2, 29, 12, 34, 56.789), make_timestamp(1709210096789000)
select extract(century from date '2001-01-01'), extract(decade from date '1999-12-31'), extract(millennium from date '2001-01-01'), extract(era from date '2001-01-01'), extract(julian from date '2001-01-01')
select strftime(date '2024-02-29', '%a %A %b %B %d %-d %j %m %-m %y %Y %%'), strftime(timestamp '2024-02-29 13:04:05.678', '%H %I %M %p %S %f')
select strftime(timestamp '2024-02-29 13:04:05.678', '%u %w %U %W %V %G'), strftime('%Y', date '2024-02-29')
select strptime('29/02/2024', '%d/%m/%Y'), strptime('2024-02-29 13:04:05.678', '%Y-%m-%d %H:%M:%S.%g'), try_strptime('x', '%Y')
select to_timestamp(1709210096), epoch(timestamp '2024-02-29 12:34:56.789'), epoch_ms(timestamp '2024-02-29 12:34:56.789'), epoch_us(timestamp '2024-02-29 12:34:56.789'), epoch_ns(timestamp '2024-02-29 12:34:56.789')
select epoch_ms(1709210096789), make_timestamp_ms(1709210096789), make_timestamp_ns(1709210096789000000)
select to_days(3) + timestamp '2024-01-01', to_hours(5) + timestamp '2024-01-01', to_minutes(90), to_seconds(5), to_milliseconds(1500), to_microseconds(7)
select timestamp '2024-01-31' + to_months(1), timestamp '2024-02-29' + to_years(1), date '2024-01-31' + to_weeks(2), timestamp '2024-01-31' - to_months(2)
select date '2024-01-31' + interval (id) month from t where id < 14
select ts + interval (id) day - interval (n) month from t where id < 30
select day + to_months(id) from t where id < 30
select time '12:34:56' + interval 2 hour, time '01:00:00' - interval 2 hour, time '12:00:00' < time '13:00:00', extract(minute from time '12:34:56')
select time_bucket(interval 1 month, date '2024-02-29'), time_bucket(interval 2 weeks, timestamp '2024-02-29 12:00:00'), time_bucket(interval 1 year, timestamp '2024-02-29')
select time_bucket(interval 15 minutes, timestamp '2024-02-29 12:34:56', timestamp '2024-01-01 00:05:00'), time_bucket(interval 3 months, timestamp '2024-02-29', timestamp '2024-02-01'), time_bucket(interval 1 hour, timestamp '2024-02-29 12:34:56', interval 10 minutes)
select time_bucket(interval 1 day, ts, interval 6 hours), time_bucket(interval 1 month, ts, interval 2 days) from t where id < 40
select date '2024-01-01' < timestamp '2024-01-01 00:00:01', timestamp '2024-01-01'::date = date '2024-01-01'
select timestamp '2024-10-27 02:30:00' at time zone 'Europe/Rome', timestamptz '2024-10-27 00:30:00+00' at time zone 'Europe/Rome', timestamptz '2024-10-27 01:30:00+00' at time zone 'Europe/Rome'
select age(timestamp '2024-03-01', timestamp '2024-01-31')::varchar, age(timestamp '2024-02-29 12:00:00', timestamp '2020-03-01 18:30:00')::varchar, age(timestamp '2024-01-01', timestamp '2024-01-01')::varchar
select date_diff('quarter', date '2023-12-31', date '2024-01-01'), date_diff('week', date '2024-01-07', date '2024-01-08'), date_diff('isoyear', date '2024-12-29', date '2024-12-31'), date_sub('hour', timestamp '2024-01-01 00:30:00', timestamp '2024-01-01 02:00:00')
select age(timestamp '2020-03-01', timestamp '2024-02-29 01:00:00')::varchar, age(ts, timestamp '2023-11-15 13:14:15')::varchar, extract(day from age(ts, timestamp '2023-11-15 13:14:15')) from t where id % 17 = 0
select date_sub('month', day, date '2024-12-31'), date_sub('day', ts, timestamp '2024-12-31 01:00:00'), date_sub('year', day, date '2030-01-01'), date_sub('week', day, date '2024-12-31'), date_sub('quarter', ts, timestamp '2025-06-01') from t
select year(ts), month(ts), day(ts), hour(ts), minute(ts), second(ts), millisecond(ts), microsecond(ts), week(ts), quarter(ts), dayofyear(ts), era(ts), julian(day), millennium(ts) from t where id < 5
select * from generate_series(timestamp '2024-01-31', timestamp '2024-05-31', interval 1 month)
select * from range(timestamp '2024-01-01', timestamp '2024-01-02', interval 6 hour)
select * from range(date '2024-01-01', date '2024-01-04', interval 1 day)
select interval '1 year 2 months'::varchar, interval '14 months'::varchar, (interval '1 month' + interval '1 month')::varchar, interval 3 day * 2, (interval '1 month' * 2)::varchar, interval '1 month' < interval '5 weeks'

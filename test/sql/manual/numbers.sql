select round(2.567, 2), round(-2.5), round(1250, -2), round(2.5::double), trunc(-2.7), trunc(2.7)
select mod(7, 3), 7 % -3, -7 % 3, 7 // 2, -7 // 2, divide(7, 2)
select power(2, 10), pow(2, 0.5), 2 ** 3, 2 ^ 4, sqrt(16), cbrt(27), exp(1), ln(10), log(100), log10(1000), log2(8), log(2, 8)
select pi(), degrees(pi()), radians(180)
select sin(1), cos(1), tan(1), cot(1), asin(0.5), acos(0.5), atan(1), atan2(1, 2)
select sinh(1), cosh(1), tanh(1), asinh(1), acosh(2), atanh(0.5)
select isnan(1.0::double), isinf(1.0::double), isfinite(1.0::double)
select 10 / 4, 10.0 / 4, 10 / 0, 0 / 0, 1 % 0, 1 // 0
select 1e10, 1.5e-3, .5, 5., 1_000_000
select round(x, 1), round(price, 1), round(n, -1), trunc(x), ceil(price), floor(x) from t where id < 20
select '12'::int + 1, '1.5'::double * 2, 3::varchar || 'x', 2.5::int, -2.5::int, 3.5::int, 1::boolean, true::int
select 100::tinyint, 40000::integer::bigint, 1.239::decimal(5, 2), cast(1.5 as float), 10::utinyint
select sum(x), avg(x), min(x), max(x), count(x), stddev(x), variance(x) from t
select n, n is distinct from 5, n between 10 and 50, n not between 10 and 50 from t where id < 10
select abs(-5), abs(-5.5), @ -3, sign(-2.5), sign(0), ceil(1.2), ceiling(-1.2), floor(-1.2)
select greatest(1, 2.5, 3), least(1, null, 3), add(1, 2), subtract(5, 3), multiply(2, 4)
select random() between 0 and 1
select bit_and(id), bit_or(id), bit_xor(id), product(1.0 + id / 1000.0) from t where id between 5 and 20

select concat('a', null, 'b'), concat_ws(',', 'a', null, 'c'), 'a' || 1
select contains('abc', 'b'), starts_with('abc', 'a'), ends_with('abc', 'c'), suffix('abc', 'bc'), prefix('abc', 'ab')
select initcap is null from (select null as initcap)
select instr('hello', 'l'), strpos('hello', 'z'), position('l' in 'hello')
select left('hello', 2), left('hello', -2), right('hello', 2), right('hello', -2)
select lower('ÄB'), upper('äb'), lcase('A'), ucase('a')
select lpad('x', 5, '-'), rpad('x', 5, '-'), lpad('hello', 2, '-'), rpad('hello', 2, '-')
select ltrim('  x '), rtrim(' x  '), trim(' x '), ltrim('>>x', '>'), trim('>x<', '><')
select trim(both 'x' from 'xxaxx'), trim(leading 'x' from 'xxa'), trim(trailing 'x' from 'axx')
select repeat('ab', 3), repeat('a', 0), repeat('a', -1), reverse('abc'), replace('aXbX', 'X', '--')
select substr('hello', 2), substr('hello', 2, 3), substring('hello', -3, 2), substr('hello', 0, 2)
select substring('hello' from 2 for 3), substring('hello' from 3), substring('hello' for 2)
select 'a' < 'b', 'a' = 'A', 'abc' between 'abb' and 'abd', 'x' in ('x', 'y'), 'z' not in ('x')
select 'abc' like 'a%', 'abc' not like '_b_', 'ABC' ilike 'a%', 'a_c' like 'a\_c' escape '\'
select starts_with('abc', null), upper(null), length(null), concat(null, null), null || 'a'
select array_to_string(['a', 'b', null], '-'), array_to_string([1, 2], ',')
select 'aXXef' = 'aXXef'
select 'hello'[1], 'hello'[2:3], ('hello')[-1]
select greatest('a', 'b', null), least('b', 'a'), coalesce(null, 'x'), nullif('a', 'a'), ifnull(null, 'z')
select count(*) from t where note like '%1_%' and color ilike 're%'
select lower(color) as c, string_agg(distinct note, '|' order by note) from t where id < 12 group by 1 order by 1

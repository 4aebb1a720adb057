select concat('a', null, 'b'), concat_ws(',', 'a', null, 'c'), 'a' || 1
select contains('abc', 'b'), starts_with('abc', 'a'), ends_with('abc', 'c'), suffix('abc', 'bc'), prefix('abc', 'ab')
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
select bit_length('abc'), char_length('é'), length('')
select format('{} is {}', 'x', 5), printf('%s-%d', 'a', 3)
select left_grapheme('abc', 2), right_grapheme('abc', 1), length_grapheme('abc'), substring_grapheme('abcd', 2, 2)
select nfc_normalize('é'), strip_accents('mühleisen'), strip_accents('ÀÉ')
select split_part('a/b/c', '/', 2), split_part('a/b/c', '/', 9), split_part('a/b/c', '/', -1)
select string_split('a b c', ' '), str_split('abc', ''), split('a,b', ','), string_to_array('x-y', '-')
select string_split_regex('a1b22c', '[0-9]+'), str_split_regex('a, b.c', '[,.] *'), regexp_split_to_array('a b  c', ' +')
select translate('12345', '143', 'ax'), translate('abc', '', 'x')
select base64('ab'::blob), to_base64('hello'::blob), from_base64('aGVsbG8=')::varchar
select regexp_extract_all('a1b22', '[0-9]+'), regexp_extract('a1b22', '([a-z])([0-9])', 2), regexp_escape('a.b')

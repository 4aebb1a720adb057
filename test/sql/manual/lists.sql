select [1, 2, 3], ['a', null], [[1], [2, 3]], list_value(1, 2), array[4, 5]
select [1, 2, 3][1], [1, 2, 3][-1], [1, 2, 3][5], ['a', 'b'][2], [1, 2, 3][1:2], [1, 2, 3][2:], [1, 2, 3][:-2]
select list_extract([1, 2], 1), list_element([1, 2], 2), array_extract([1, 2], -1), list_slice([1, 2, 3, 4], 2, 3), array_slice([1, 2, 3], 1, 2), list_slice([1, 2, 3, 4, 5], 1, 5, 2)
select len([1, 2]), array_length([1, 2, 3]), length(['a']), list_count([1, null, 2])
select list_contains([1, 2], 2), list_has([1], 3), array_contains(['a'], 'a'), 2 = any([1, 2]), 3 in (1, 2, 3), list_position([5, 6, 7], 6), array_position([5, 6], 9), list_indexof([1, 2], 2)
select list_has_any([1, 2], [2, 3]), list_has_all([1, 2, 3], [2, 3]), [1, 2] && [2, 5], [1, 2, 3] @> [1, 2], [1] <@ [1, 2]
select list_append([1, 2], 3), list_prepend(0, [1, 2]), array_push_back([1], 2), array_push_front([1], 0), list_concat([1], [2, 3]), list_cat([1], [2]), array_cat([1], [2]), array_append([1], 2), array_prepend(0, [1]), [1] || [2]
select list_distinct([1, 1, 2, null]) = [1, 2] or true, list_unique([1, 1, 2, null]), list_sort(list_distinct([3, 1, 3]))
select list_sort([3, 1, 2]), list_sort([3, 1, 2], 'DESC'), list_reverse_sort([3, 1, 2]), array_sort(['b', 'a', null]), list_sort([1, null, 2], 'ASC', 'NULLS FIRST'), list_reverse([1, 2, 3]), array_reverse([1, 2])
select list_sum([1, 2, 3]), list_avg([1, 2]), list_min([3, 1]), list_max([3, 1]), list_product([2, 3, 4]), list_median([1, 2, 9]), list_stddev_samp([1, 2, 3]), list_var_samp([1, 2, 3]), list_mode([1, 1, 2]), list_first([7, 8]), list_last([7, 8]), list_string_agg(['a', 'b']), list_any_value([null, 4])
select list_aggregate([1, 2, 3], 'sum'), list_aggr([1, 2, 4], 'max'), array_aggregate(['a', 'b'], 'string_agg', '-'), list_bool_and([true, false]), list_bool_or([true, false])
select flatten([[1, 2], [3]]), list_resize([1, 2, 3], 2), list_resize([1], 3, 0), array_resize([1], 2)
select list_transform([1, 2, 3], x -> x + 1), list_apply(['a', 'b'], s -> upper(s)), array_transform([1, 2], x -> x * 2.5), list_filter([1, 2, 3, 4], x -> x % 2 = 0), array_filter([1, null, 2], x -> x is not null)
select [x * 2 for x in [1, 2, 3]], [x for x in [1, 2, 3] if x > 1]
select list_grade_up([30, 10, 20]), array_intersect([1, 2, 3], [2, 3, 4]) = [2, 3] or true
select list_dot_product([1, 2], [3, 4]), list_inner_product([1.0, 2.0], [3.0, 4.0]), list_distance([0, 0], [3, 4]), list_cosine_similarity([1, 0], [1, 1])
select unnest([1, 2, 3]) as x
select id, unnest([n, id]) as v from t where id < 5
select unnest([1, 2, 3]), unnest(['a', 'b'])
select unnest(string_split(note, ' ')) as w from t order by 1 limit 5
select w, count(*) from (select unnest(string_split(note, ' ')) as w from t) s group by w order by 2 desc, 1
select * from unnest([1, 2, 3])
select * from unnest([1, 2]) as u(x)
select t.id, v from t, unnest([t.id, t.n]) as u(v) where t.id < 5 order by 1, 2
select t.id, w from t cross join unnest(string_split(t.note, ' ')) as u(w) where id < 6 order by 1, 2
select t.id, w from t left join unnest(case when id % 2 = 0 then string_split(t.note, ' ') end) as u(w) on true where id < 6 order by 1, 2
select color, list(id order by id desc), array_agg(n order by id), list(distinct flag order by flag) from t where id < 20 group by color order by 1
select color, list(id order by id)[1:3], len(list(n)), list_sum(list(n)) from t group by color order by 1
select [1, 2] = [1, 2], [1] is null, [null] is null, [1, 2] <> [2, 1]
select list(n order by id) filter (where n > 50) from t where id < 20
select cast([1, 2] as varchar[]), cast(['1', '2'] as int[]), [1, 2.5], [1, 2]::double[]
select array_agg(x) from unnest([3, 4]) u(x)
select list_contains(string_split('a,b', ','), color) or true from t where id < 3

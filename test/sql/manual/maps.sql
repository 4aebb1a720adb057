select map(['a', 'b'], [1, 2]), map {'x': 1, 'y': 2}['x'], map_extract(map {'x': 1}, 'x'), element_at(map {'x': 5}, 'x'), cardinality(map {'x': 1}), map_contains(map {'a': 1}, 'a')
select {'a': 1, 'b': 'x'}, {'a': 1}.a, struct_pack(x := 1, y := 'q'), struct_extract({'k': 7}, 'k')
select s.a, s['b'] from (select {'a': 1, 'b': 'x'} as s)
select (s).a + 1, struct_extract(s, 'b') from (select {'a': id, 'b': color} as s from t where id < 5)
select map_entries(map {'a': 1, 'b': 2})
select histogram(color) from t
select flag, histogram(n % 3) from t group by flag order by 1
select map_keys(histogram(color)), map_values(histogram(color)) from t
select unnest(map_keys(histogram(color))) as k from t order by k

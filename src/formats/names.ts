/** Names where each may come once. */

/** Puts a number behind a name that came before, "id", "id_1", without hitting another name. */
export function uniqueNames(names: readonly string[]): string[] {
  const taken = new Set(names);
  const used = new Set<string>();
  return names.map((name) => {
    if (!used.has(name)) {
      used.add(name);
      return name;
    }
    let number = 1;
    while (taken.has(`${name}_${number}`)) number += 1;
    const unique = `${name}_${number}`;
    taken.add(unique);
    used.add(unique);
    return unique;
  });
}

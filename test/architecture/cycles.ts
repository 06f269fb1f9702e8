/** A file and the files that it imports. */
export interface Imports {
  source: string;
  dependencies: { resolved: string }[];
}

/**
 * The imports that are part of a cycle. dependency-cruiser finds them as well, but searches all that a file reaches for each
 * import, a quarter of its time.
 */
export function cyclicImports(files: Imports[]): { from: string; to: string }[] {
  let left = new Map(files.map(({ source, dependencies }) => [source, dependencies.map(({ resolved }) => resolved)]));
  for (let before = -1; before !== left.size; ) {
    before = left.size;
    const imported = new Set([...left.values()].flat());
    const isBetween = ([source, to]: [string, string[]]) => imported.has(source) && to.some((one) => left.has(one));
    left = new Map([...left].filter(isBetween));
  }
  return [...left].flatMap(([from, imports]) =>
    imports.filter((to) => reaches(left, to, from)).map((to) => ({ from, to })),
  );
}

function reaches(graph: Map<string, string[]>, start: string, end: string): boolean {
  const seen = new Set([start]);
  for (const source of seen) for (const to of graph.get(source) ?? []) seen.add(to);
  return seen.has(end);
}

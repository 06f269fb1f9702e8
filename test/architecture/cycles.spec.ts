import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { runs } from '../support/runs.js';
import { cyclicImports } from './cycles.js';

const files = (imports: Record<string, string>) =>
  Object.entries(imports).map(([source, to]) => ({
    source,
    dependencies: [...to].map((resolved) => ({ resolved })),
  }));

describe('the imports of a cycle', () => {
  it.each([
    ['none without a cycle', { a: 'bc', b: 'c', c: '' }, []],
    ['a file that imports itself', { a: 'ab', b: '' }, ['aa']],
    ['both imports of two files', { a: 'b', b: 'a', c: 'a' }, ['ab', 'ba']],
    [
      'not the import that leads from a cycle to another',
      { a: 'b', b: 'ac', c: 'd', d: 'c' },
      ['ab', 'ba', 'cd', 'dc'],
    ],
    ['not of packages, which have no entry', { a: 'bz', b: 'a' }, ['ab', 'ba']],
  ])('are %s', (_, imports, expected) => {
    expect(cyclicImports(files(imports as never)).map(({ from, to }) => from + to)).toEqual(expected);
  });

  it('are those whose target reaches their source', () => {
    const names = [...'abcdefg'];
    const imports = fc.record(Object.fromEntries(names.map((name) => [name, fc.subarray(names, { maxLength: 3 })])));
    fc.assert(
      fc.property(imports, (graph) => {
        // Warshall's closure.
        const closure = new Map(names.map((name) => [name, new Set(graph[name])]));
        for (const via of names)
          for (const from of names)
            if (closure.get(from)!.has(via)) for (const to of closure.get(via)!) closure.get(from)!.add(to);
        const expected = names.flatMap((from) =>
          graph[from]!.filter((to) => to === from || closure.get(to)!.has(from)).map((to) => from + to),
        );
        const found = cyclicImports(
          names.map((source) => ({ source, dependencies: graph[source]!.map((resolved) => ({ resolved })) })),
        );
        expect(found.map(({ from, to }) => from + to)).toEqual(expected);
      }),
      { numRuns: runs(200, 2_000) },
    );
  });
});

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { changesBetween, type JsonChange } from './json-changes.js';

const name = fc.constantFrom('a', 'b', 'until', 'a/b', 'a~b', '');
const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom(null, true, false, 0, 1, 'x', ''),
    fc.array(tie('any'), { maxLength: 3 }),
    fc.dictionary(name, tie('any'), { maxKeys: 4 }),
  ),
})).any;

const partOf = (text: string): string => text.replaceAll('~1', '/').replaceAll('~0', '~');

/** What the changes make of a value. */
function applied(before: unknown, changes: readonly JsonChange[]): unknown {
  let whole: unknown = structuredClone(before);
  for (const { path, after } of changes) {
    if (path === '') {
      whole = after;
      continue;
    }
    const names = path.slice(1).split('/').map(partOf);
    const last = names.pop()!;
    const holder = names.reduce((one, part) => (one as Record<string, unknown>)[part], whole) as Record<
      string,
      unknown
    >;
    if (after === undefined) delete holder[last];
    else holder[last] = after;
  }
  return whole;
}

describe('the changes between two JSON values', () => {
  it('make the later of the earlier one, whatever they are', () => {
    fc.assert(
      fc.property(value, value, (before, after) => {
        expect(applied(before, changesBetween(before, after))).toEqual(after);
      }),
      { seed: 216, numRuns: 500 },
    );
  });

  it('name the field that changed, and none for equal states', () => {
    const before = { status: 'waiting', policies: ['1'], consequences: { strikes: [] } };
    const after = {
      status: 'onboarded',
      policies: ['1'],
      consequences: { strikes: [{ cause: 'img-1' }] },
      cohort: 'w20',
    };
    expect(changesBetween(before, after)).toEqual([
      { path: '/cohort', after: 'w20' },
      { path: '/consequences/strikes', before: [], after: [{ cause: 'img-1' }] },
      { path: '/status', before: 'waiting', after: 'onboarded' },
    ]);
    expect(changesBetween(after, structuredClone(after))).toEqual([]);
  });
});

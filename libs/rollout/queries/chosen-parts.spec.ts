import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { StoreUnavailable } from '../../kernel/errors.js';
import { partAt, unreported } from './chosen-parts.js';

/** A log in which each position holds these accounts. */
function logOf(parts: readonly (readonly string[])[]) {
  const read: number[] = [];
  const log = {
    readPositions: async (positions: readonly number[]) => {
      read.push(...positions);
      return positions.flatMap((position) => {
        const accounts = parts[position - 1];
        return accounts ? [{ position, data: { accounts } }] : [];
      }) as never;
    },
  };
  return { log, read };
}

const cohortOf = (reports: readonly number[]) => ({ parts: [], people: 0, complete: false, reports });

describe('reading a part', () => {
  it('fails for now if the store lacks an event that it had before', async () => {
    await expect(partAt(logOf([]).log, 1)).rejects.toThrow(StoreUnavailable);
  });
});

describe('the accounts that no report has', () => {
  it('are those of no report from the choice on, however the reports share them out', async () => {
    const accounts = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'));
    await fc.assert(
      fc.asyncProperty(fc.array(accounts, { maxLength: 6 }), accounts, fc.nat(7), async (reports, asked, chosenAt) => {
        const cohort = cohortOf(reports.map((_, n) => n + 1));
        const since = new Set(reports.slice(Math.max(0, chosenAt - 1)).flat());
        expect(await unreported(logOf(reports).log, cohort, chosenAt, asked)).toEqual(
          asked.filter((one) => !since.has(one)),
        );
      }),
    );
  });

  it('are found by one read if the first report from the choice on has all', async () => {
    const { log, read } = logOf([['a'], ['b'], ['c', 'd'], ['e']]);
    expect(await unreported(log, cohortOf([1, 2, 3, 4]), 3, ['c', 'd'])).toEqual([]);
    expect(await unreported(log, cohortOf([1, 2, 3, 4]), 5, ['f'])).toEqual(['f']);
    expect(await unreported(log, cohortOf([1, 2, 3, 4]), 1, [])).toEqual([]);
    expect(read).toEqual([3]);
  });
});

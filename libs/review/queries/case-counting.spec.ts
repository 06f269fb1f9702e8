import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { caseRow, startCasesView } from '../../../test/support/case-rows.js';
import { runs } from '../../../test/support/runs.js';
import { hashOf } from '../../kernel/ids.js';
import { DUE_AGAIN_MS } from '../claim-decisions.js';
import { CaseCountReader } from './case-counting.js';
import { CaseEntries } from './case-entry.js';
import { CASE_STATUSES, ORIGINS } from './case-fields.js';
import type { CaseFilter } from './case-filter.js';
import { CaseQueue } from './case-queue.js';
import { FACETS, type Facet } from './case-tally.js';
import { ShownFlags } from './shown-flags.js';

const NOW = Date.parse('2022-05-18T09:00:00Z');
const HOUR_MS = 3_600_000;
const LEAD = { kind: 'user', id: 'lena', role: 'lead' } as const;
const REVIEWER = { kind: 'user', id: 'rita', role: 'reviewer' } as const;
const PEOPLE = ['rita', 'rob'];
const ALL = { count: true, facets: true };
const TIMES = [NOW - 2 * DUE_AGAIN_MS, NOW - 1, NOW, NOW + 1];
let view: Awaited<ReturnType<typeof startCasesView>>;

beforeAll(async () => {
  view = await startCasesView();
});
afterAll(() => view.close());

const person = fc.constantFrom(...PEOPLE);
const row = fc
  .record({
    case_id: fc.stringMatching(/^[a-f]{1,3}$/),
    opened_at: fc.integer({ min: 0, max: 3 }).map((n) => NOW - n * HOUR_MS),
    status: fc.constantFrom(...CASE_STATUSES),
    queue: fc.constantFrom('default', 'severe'),
    origin: fc.constantFrom(...ORIGINS),
    is_escalated: fc.boolean(),
    categories: fc.subarray(['hate', 'violent']),
    judges: fc.subarray([...PEOPLE, 'elsewhere']),
    claimed_by: person,
    claimed_until: fc.constantFrom(...TIMES),
    kept: fc.option(
      fc.record({ reserved_for: person, reserved_until: fc.constantFrom(...TIMES), is_held: fc.boolean() }),
    ),
    account_id: fc.constantFrom('acc-1', 'acc-2', null),
  })
  .map(({ case_id, opened_at, judges, claimed_by, claimed_until, kept, ...more }) => {
    const isOpen = more.status === 'open' || more.status === 'claimed';
    return caseRow(case_id, opened_at, {
      ...more,
      verdicts: judges.map((reviewer) => ({
        ...{ reviewer, verdict: 'safe' as const, at: '2022-05-18T08:00:00.000Z' },
        ...(reviewer === 'elsewhere' && { source: '/another' }),
      })),
      reviewers: judges.filter((one) => one !== 'elsewhere'),
      ...(more.status === 'claimed' && { claimed_by, claimed_until }),
      ...(isOpen && more.status === 'open' && kept ? kept : {}),
    });
  });
const rows = fc.uniqueArray(row, { minLength: 10, maxLength: 24, selector: (one) => one.case_id });
const condition: fc.Arbitrary<CaseFilter> = fc.oneof(
  fc.record({ status: fc.constantFrom(...CASE_STATUSES) }),
  fc.record({ status: fc.constantFrom('open' as const, 'claimed' as const) }),
  fc.record({ queue: fc.constantFrom('default', 'severe') }),
  fc.record({ category: fc.constantFrom('hate', 'violent') }),
  fc.record({ reviewer: person }),
  fc.record({ isEscalated: fc.boolean() }),
  fc.record({ account: fc.constant('acc-1') }),
  fc.record({ openedAfter: fc.integer({ min: 0, max: 3 }).map((n) => new Date(NOW - n * HOUR_MS - 1).toISOString()) }),
  fc.record({ openedBefore: fc.integer({ min: 0, max: 3 }).map((n) => new Date(NOW - n * HOUR_MS + 1).toISOString()) }),
);
/** Few conditions, or nothing would meet them. */
const filters = fc.record({
  conditions: fc.oneof(
    condition,
    fc.tuple(condition, condition).map((some): CaseFilter => Object.assign({}, ...some)),
    fc.constant<CaseFilter>({}),
  ),
  isLead: fc.boolean(),
});

/** The filter with the value of a facet as its condition on that. */
const withValue = (filter: CaseFilter, facet: Facet, value: string): CaseFilter =>
  facet === 'escalated' ? { ...filter, isEscalated: value === 'true' } : { ...filter, [facet]: value };

describe('the counts of a list of cases', () => {
  it('are exactly the numbers of cases that the list has, in all and for each value of a facet', async () => {
    const queue = new CaseQueue(view.pool, new CaseEntries(new ShownFlags({ keyedHash: hashOf })));
    const counts = new CaseCountReader(view.pool);
    await fc.assert(
      fc.asyncProperty(rows, filters, async (all, { isLead, conditions }) => {
        await view.fill(all);
        const reader = isLead ? LEAD : REVIEWER;
        const filter: CaseFilter = { ...conditions, ...(!isLead && { blind: REVIEWER.id }) };
        const numberOf = async (asked: CaseFilter) =>
          (await queue.page(reader, asked, { limit: 500 }, { patienceHours: 24, now: NOW })).items.length;
        const { count, facets } = await counts.of(reader, filter, ALL, NOW);
        expect(count).toBe(await numberOf(filter));
        expect((await counts.of(reader, filter, { count: true, facets: false }, NOW)).count).toBe(count);
        for (const facet of FACETS.filter((one) => one !== 'origin' || isLead)) {
          const values = facets![facet]!;
          const found = new Map(values.map((one) => [one.value, one.count]));
          const possible: Record<Facet, readonly string[]> = {
            ...{ status: CASE_STATUSES, queue: ['default', 'severe'], category: ['hate', 'violent'] },
            ...{ reviewer: PEOPLE, escalated: ['true', 'false'], origin: ORIGINS },
          };
          for (const value of possible[facet])
            expect([facet, value, found.get(value) ?? 0]).toEqual([
              facet,
              value,
              await numberOf(withValue(filter, facet, value)),
            ]);
          expect(values.every(({ value }) => possible[facet].includes(value))).toBe(true);
        }
      }),
      { numRuns: runs(40, 150) },
    );
  });

  it('leave the reasons for which cases were opened to those who may know them, and golden cases out for the others', async () => {
    await view.fill([caseRow('a', NOW), caseRow('b', NOW, { origin: 'golden' })]);
    const counts = new CaseCountReader(view.pool);
    const of = (reader: typeof LEAD | typeof REVIEWER, isWithoutGolden: boolean) =>
      counts.of(reader, { isWithoutGolden }, ALL, NOW);
    expect(await of(LEAD, false)).toMatchObject({
      count: 2,
      facets: {
        origin: [
          { value: 'flags', count: 1 },
          { value: 'golden', count: 1 },
        ],
      },
    });
    expect((await of(REVIEWER, false)).facets).not.toHaveProperty('origin');
    expect(await of(REVIEWER, true)).toMatchObject({ count: 1, facets: { queue: [{ value: 'default', count: 1 }] } });
  });

  it('are not asked for without need', async () => {
    const { connect } = view.pool;
    view.pool.connect = (() => Promise.reject(new Error('it was asked'))) as typeof connect;
    try {
      expect(await new CaseCountReader(view.pool).of(LEAD, {}, { count: false, facets: false }, NOW)).toEqual({});
    } finally {
      view.pool.connect = connect;
    }
  });
});

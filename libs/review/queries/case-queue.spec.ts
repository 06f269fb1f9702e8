import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type pg from 'pg';
import { caseRow, startCasesView } from '../../../test/support/case-rows.js';
import { hashOf } from '../../kernel/ids.js';
import { viewTable } from '../../projections/view-tables.js';
import { agePoints, dueAt } from '../place-in-queue.js';
import { type CaseRow, casesView } from '../views/cases.js';
import { CaseEntries } from './case-entry.js';
import { CASE_STATUSES, type CaseStatus } from './case-fields.js';
import type { CaseFilter } from './case-filter.js';
import { CASE_SORTS, type CaseSort, ORDERS, type Order, orderOf } from './case-order.js';
import { CaseQueue } from './case-queue.js';
import { ShownFlags } from './shown-flags.js';

const LEAD = { kind: 'user', id: 'lead', role: 'lead' } as const;
const NOW = Date.parse('2022-05-18T09:00:00Z');
const WAITING = { patienceHours: 24, now: NOW };
let view: Awaited<ReturnType<typeof startCasesView>>;

beforeAll(async () => {
  view = await startCasesView();
});
afterAll(() => view.close());

const queueOn = (on: pg.Pool) => new CaseQueue(on, new CaseEntries(new ShownFlags({ keyedHash: hashOf })));
const isWaiting = (status: CaseStatus | undefined) => status === 'open' || status === 'claimed';
const statusOf = ({ status, claimed_until }: CaseRow): CaseStatus =>
  status === 'claimed' && claimed_until! <= NOW ? 'open' : status;

/** What an order compares: greater is later in an ascending list. */
function keyOf(row: CaseRow, sort: CaseSort): number {
  if (sort === 'opened') return row.opened_at;
  if (sort === 'changed') return row.position;
  // The due time has the age that the priority of a case that waits has.
  return isWaiting(statusOf(row)) ? -row.due_at : row.priority;
}

const rows = fc.uniqueArray(
  fc
    .record({
      case_id: fc.stringMatching(/^[a-f]{1,3}$/),
      status: fc.constantFrom(...CASE_STATUSES),
      opened_at: fc.integer({ min: 0, max: 5 }).map((n) => NOW - n * 3_600_001),
      claimed_until: fc.constantFrom(NOW - 1, NOW, NOW + 1),
      priority: fc.integer({ min: 0, max: 3 }).map((n) => n * 30),
      position: fc.integer({ min: 1, max: 9 }),
    })
    .map(({ case_id, opened_at, claimed_until, ...row }) =>
      caseRow(case_id, opened_at, {
        ...row,
        ...(row.status === 'claimed' && { claimed_until, claimed_by: 'rev-1' }),
        due_at: dueAt(opened_at, row.priority, WAITING.patienceHours),
      }),
    ),
  { maxLength: 12, selector: (one) => one.case_id },
);

async function listed(status: CaseStatus | undefined, limit: number, sort?: CaseSort, order?: Order) {
  const found: { caseId: string; status: string; priority: number }[] = [];
  let cursor: string | undefined;
  do {
    const asked = { limit, cursor, order: orderOf(status, sort, order) };
    const page = await queueOn(view.pool).page(LEAD, { status }, asked, WAITING);
    expect(page.items.length).toBeLessThanOrEqual(limit);
    found.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor);
  return found;
}

describe('the case queue', () => {
  it('lists each case once under its current status, in the order that is asked for, for any page size', async () => {
    const sorts = fc.constantFrom(undefined, ...CASE_SORTS);
    const statuses = fc.constantFrom(undefined, ...CASE_STATUSES);
    const orders = fc.constantFrom(undefined, ...ORDERS);
    await fc.assert(
      fc.asyncProperty(
        rows,
        statuses,
        sorts,
        orders,
        fc.integer({ min: 1, max: 4 }),
        async (all, status, sort, order, limit) => {
          fc.pre(!(sort === 'priority' && status === undefined));
          await view.fill(all);
          const by = sort ?? (isWaiting(status) ? 'priority' : 'opened');
          const sign = (order ?? (by === 'opened' ? 'asc' : 'desc')) === 'asc' ? 1 : -1;
          // The order of the ids follows the column, and due times run against the priority.
          const idSign = by === 'priority' && isWaiting(status) ? -sign : sign;
          const expected = all
            .filter((one) => status === undefined || statusOf(one) === status)
            .sort((a, b) => sign * (keyOf(a, by) - keyOf(b, by)) || idSign * (a.case_id < b.case_id ? -1 : 1))
            .map((one) => [one.case_id, statusOf(one)]);
          const found = await listed(status, limit, sort, order);
          expect(found.map((one) => [one.caseId, one.status])).toEqual(expected);
          if (by !== 'priority') return;
          const priorities = found.map(({ priority }) => sign * priority);
          expect(priorities).toEqual([...priorities].sort((a, b) => a - b));
        },
      ),
      { numRuns: 60 },
    );
  });

  it('shows the priority with the age that the order has', async () => {
    const opened = NOW - 12 * 3_600_000;
    await view.fill([caseRow('a', opened, { priority: 20, due_at: dueAt(opened, 20, 24) })]);
    expect((await listed('open', 1))[0]!.priority).toBe(20 + agePoints(opened, 20, 24, NOW));
  });

  it('refuses the cursor of a list in another order or with another filter, and names which', async () => {
    const closed = ['a', 'b', 'c'].map((id) => caseRow(id, NOW, { status: 'confirmed' }));
    const waiting = ['d', 'e', 'f'].map((id) => caseRow(id, NOW, { due_at: dueAt(NOW, 0, WAITING.patienceHours) }));
    await view.fill([...closed, ...waiting]);
    const page = (filter: CaseFilter, sort?: CaseSort, order?: Order, cursor?: string) =>
      queueOn(view.pool).page(LEAD, filter, { limit: 1, cursor, order: orderOf(filter.status, sort, order) }, WAITING);
    const { nextCursor } = await page({ status: 'open' }, 'priority');
    await expect(page({ status: 'open' }, undefined, undefined, nextCursor)).resolves.toMatchObject({
      items: [{ caseId: 'e' }],
    });
    const others: [CaseFilter, CaseSort, Order | undefined, string][] = [
      [{ status: 'confirmed' }, 'priority', undefined, 'order, status'],
      [{ status: 'claimed' }, 'priority', undefined, 'status'],
      [{ status: 'open' }, 'priority', 'asc', 'order'],
      [{ status: 'open' }, 'opened', undefined, 'order'],
      [{ status: 'open', isEscalated: false }, 'priority', undefined, 'escalated'],
      [{ status: 'open', queue: 'general' }, 'priority', undefined, 'queue'],
    ];
    for (const [filter, sort, order, names] of others)
      await expect(page(filter, sort, order, nextCursor)).rejects.toMatchObject({
        errors: [{ field: 'cursor', message: expect.stringContaining(`with another ${names}:`) }],
      });
  });

  it('reads only its page in every order, however many cases were decided', async () => {
    const of = (n: number) => {
      const isOpen = n % 100 === 0;
      return caseRow(`${isOpen ? 'o' : 'd'}${n}`, NOW - n, {
        status: isOpen ? 'open' : (['confirmed', 'dismissed', 'model-problem'] as const)[n % 3]!,
        ...{ priority: n % 101, position: (n * 7919) % 20_011 },
      });
    };
    await view.fill(Array.from({ length: 20_000 }, (_, n) => of(n)));
    await view.pool.query(`ANALYZE ${viewTable(casesView)}`);
    const plans: [string, string][] = [];
    const asks = [undefined, ...CASE_STATUSES].flatMap((status) =>
      [undefined, ...CASE_SORTS].flatMap((sort) => ORDERS.map((order) => ({ status, sort, order }))),
    );
    for (const { status, sort, order } of asks.filter(
      ({ status: s, sort: by }) => s !== undefined || by !== 'priority',
    )) {
      const explaining: pg.Pool = Object.assign(Object.create(view.pool), {
        async query(asked: pg.QueryConfig) {
          const { rows: lines } = await view.pool.query({ ...asked, text: `EXPLAIN ${asked.text}` });
          plans.push([`${status} ${sort} ${order}`, lines.map((line) => line['QUERY PLAN']).join('\n')]);
          return view.pool.query(asked);
        },
      });
      const page = (cursor?: string) =>
        queueOn(explaining).page(LEAD, { status }, { limit: 10, cursor, order: orderOf(status, sort, order) }, WAITING);
      const { nextCursor } = await page();
      if (nextCursor) await page(nextCursor);
    }
    expect(plans.length).toBeGreaterThan(asks.length);
    for (const [asked, plan] of plans) {
      expect([asked, plan]).toEqual([asked, expect.stringContaining('Index')]);
      expect([asked, plan]).toEqual([asked, expect.not.stringMatching(/Seq Scan/)]);
      // Of claimed and overturned cases there are few or none.
      if (!/claimed|overturned/.test(asked)) expect([asked, plan]).toEqual([asked, expect.not.stringMatching(/Sort/)]);
    }
  });
});

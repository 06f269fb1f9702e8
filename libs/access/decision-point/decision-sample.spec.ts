import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../../../test/support/test-database.js';
import { accountStream } from '../../account/index.js';
import { timeOrderedIds } from '../../kernel/ids.js';
import type { AccessDecision } from '../decide-access.js';
import { decideAgain, RecordedDecisions } from '../queries/recorded-decisions.js';
import { DecisionSample } from './decision-sample.js';
import type { Evaluation } from './evaluation-request.js';

let database: TestDatabase;
let pool: pg.Pool;
let now: number;
let dropped: number;
let sample: DecisionSample;
const clock = { now: () => now };

beforeEach(async () => {
  database = await createTestDatabase();
  pool = new pg.Pool(database.connection);
  now = Date.UTC(2022, 4, 18);
  dropped = 0;
  sample = new DecisionSample(pool, clock, timeOrderedIds(clock), { dropped: () => dropped++ });
});
afterEach(async () => {
  await pool.end();
  await database.drop();
});

const asked = (id: string, action = 'generate'): Evaluation => ({
  ...{ subject: { type: 'account', id }, action, minPosition: 0 },
  resource: { type: 'product', id: 'images', properties: {} },
});
const denied: AccessDecision = { decision: false, reason: 'account-unknown' };
const basis = () => ({ standing: accountStream.initial, facts: { now } });
const note = (id: string, decision: AccessDecision = denied, action?: string) =>
  sample.note(asked(id, action), decision, basis(), 42);
const stored = async () => (await pool.query('SELECT * FROM access.recorded_decisions ORDER BY decided_at, id')).rows;

describe('the sample of access decisions', () => {
  it('records a decision with what it rested on, under the id that the answer carries', async () => {
    const { id, ...answer } = note('acc-1');
    expect(answer).toEqual(denied);
    await sample.store();
    const found = await new RecordedDecisions(pool).find(id!);
    expect(found).toMatchObject({
      ...{ subject: { type: 'account', id: 'acc-1' }, action: 'generate', decision: denied, position: 42, at: now },
      ...{ resource: { type: 'product', id: 'images' } },
    });
    expect(decideAgain(found!)).toMatchObject({ decision: denied });
    expect(await new RecordedDecisions(pool).find('0196e0f0-0000-7000-8000-000000000001')).toBeUndefined();
  });

  it('records one subject’s decision of an action for a reason once an hour', () => {
    expect(note('acc-1').id).toBeDefined();
    expect(note('acc-1')).toBe(denied);
    expect(note('acc-1', denied, 'share').id).toBeDefined();
    expect(note('acc-1', { decision: false, reason: 'not-onboarded' }).id).toBeDefined();
    expect(note('acc-2').id).toBeDefined();
    now += 3_600_000;
    expect(note('acc-1').id).toBeDefined();
  });

  it('records ten permits and ten denials a second, whatever the load', async () => {
    const ids = (decision: AccessDecision, from: number) =>
      Array.from({ length: 100 }, (_, n) => note(`acc-${from + n}`, decision).id).filter(Boolean);
    expect([ids(denied, 0), ids({ decision: true }, 0)].map(({ length }) => length)).toEqual([10, 10]);
    await sample.store();
    expect(ids(denied, 100)).toHaveLength(10);
    expect(await stored()).toHaveLength(20);
    expect(dropped).toBe(0);
  });

  it('keeps the newest twenty of a subject, an action and a reason', async () => {
    for (let hour = 0; hour < 25; hour++) {
      note('acc-1');
      note('acc-2');
      await sample.store();
      now += 3_600_000;
    }
    const rows = await stored();
    for (const id of ['acc-1', 'acc-2']) {
      const own = rows.filter((row) => row.subject_id === id);
      expect(own).toHaveLength(20);
      expect(own.at(-1).decided_at.getTime()).toBe(now - 3_600_000);
    }
  });

  it('drops and counts what can’t be stored, and goes on', async () => {
    const failures: unknown[] = [];
    let isDown = true;
    const flaky = {
      query: async (text: string, values?: unknown[]) => {
        if (isDown) throw new Error('the database is away');
        return pool.query(text, values);
      },
    };
    sample = new DecisionSample(flaky, clock, timeOrderedIds(clock), {
      dropped: () => dropped++,
      failed: (error) => failures.push(error),
    });
    note('acc-1');
    note('acc-2');
    await sample.store();
    expect([dropped, failures.length]).toEqual([2, 1]);
    isDown = false;
    note('acc-3');
    await sample.store();
    expect((await stored()).map((row) => row.subject_id)).toEqual(['acc-3']);
  });
});

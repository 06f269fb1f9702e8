import { afterAll, beforeAll, expect, it } from '@jest/globals';
import fc from 'fast-check';
import pg from 'pg';
import { flag } from '../../../test/support/case-file.js';
import { fillCases } from '../../../test/support/many-cases.js';
import { createTestDatabase, type TestDatabase } from '../../../test/support/test-database.js';
import { PostgresEventStore } from '../../event-store/postgres/postgres-event-store.js';
import { Transactor } from '../../event-store/transact.js';
import { systemClock } from '../../kernel/clock.js';
import type { CommandContext } from '../../kernel/command-context.js';
import { timeOrderedIds } from '../../kernel/ids.js';
import { inTransaction } from '../../platform/database/in-transaction.js';
import { promote, startBuild } from '../../projections/builds.js';
import { viewTable } from '../../projections/view-tables.js';
import { caseStream } from '../case.js';
import { claimCase, releaseCase } from '../claim-decisions.js';
import { openCase } from '../flag-decisions.js';
import { casesView } from '../views/cases.js';
import { HeldClaims } from './held-claims.js';
import { WaitingCases } from './waiting-cases.js';

const CASES = viewTable(casesView);
const NUMBER = 12;
const LIMIT = 2;
const LEASE_MS = 900_000;
const now = Date.parse('2022-05-18T09:00:00Z');
const clock = { now: () => now };
const rules = { version: () => 1, fault: () => undefined };
const context: CommandContext = { actor: { kind: 'user', id: 'rita' }, correlationid: 'c-1' };
let database: TestDatabase;
let store: PostgresEventStore;
let pool: pg.Pool;

beforeAll(async () => {
  database = await createTestDatabase();
  store = new PostgresEventStore(database.connection);
  pool = new pg.Pool(database.connection);
  const build = await startBuild(pool, casesView);
  await inTransaction(pool, async (client) => {
    await build.tables.complete(client);
    await promote(client, build);
  });
});
afterAll(async () => {
  await pool.end();
  await store.close();
  await database.drop();
});

/** What one process does for a reviewer, one step at a time, as `NextCaseHandler` does. */
function processOf() {
  const transactor = new Transactor(store, timeOrderedIds(systemClock), clock, rules);
  const held = new HeldClaims(pool, transactor, clock);
  const waiting = new WaitingCases(pool, clock);
  let turn: number | undefined;
  let reserved: string | undefined;
  let claimed: { caseId: string; position: number } | undefined;
  const claim = (caseId: string) =>
    transactor.transact(caseStream, caseId, context, (state) =>
      claimCase(state, { caseId, reviewer: 'rita', isLead: false, now, leaseMs: LEASE_MS }, {}),
    );
  const steps = [
    async () => {
      const { caseIds, turn: read } = await held.of('rita');
      turn = caseIds.length < LIMIT ? read : undefined;
    },
    async () => {
      if (turn === undefined) return;
      const wanted = { queue: 'default', reviewer: 'rita', isEscalated: false, isGoldenLeftOut: false };
      const standing = Promise.resolve({ accounts: [], turn, isLeftOut: () => false });
      const found = await waiting.find({ ...wanted, standing });
      reserved = found && (await found.isReserved) ? found.caseId : undefined;
    },
    async () => {
      if (reserved !== undefined) claimed = { caseId: reserved, position: (await claim(reserved)).position };
      [turn, reserved] = [undefined, undefined];
    },
    async () => {
      if (claimed) await waiting.claimed(claimed.caseId, claimed.position, now + LEASE_MS);
      claimed = undefined;
    },
  ];
  let at = 0;
  return { transactor, step: () => steps[at++ % steps.length]!() };
}

const claims = async (transactor: Transactor, prefix: string) => {
  const ids = Array.from({ length: NUMBER }, (_, n) => `${prefix}${n + 1}`);
  const states = await Promise.all(ids.map(async (id) => ({ id, ...(await transactor.load(caseStream, id)) })));
  return states.filter(({ state }) => state.claim?.reviewer === 'rita');
};

it('lets no interleaving of processes claim more for a reviewer than the limit, nor loses a case to it', async () => {
  let run = 0;
  const step = fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom('p0' as const, 'p1' as const, 'p2' as const) },
    { weight: 1, arbitrary: fc.constantFrom('release' as const, 'view' as const) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 8, maxLength: 40 }), async (steps) => {
      const prefix = `run${run++}-`;
      await pool.query(`TRUNCATE ${CASES}, review.case_reservations, review.reviewer_turns`);
      await fillCases(pool, { prefix, count: NUMBER, now });
      const processes = [processOf(), processOf(), processOf()];
      const { transactor } = processOf();
      for (let n = 1; n <= NUMBER; n++)
        await transactor.transact(caseStream, `${prefix}${n}`, context, (state) =>
          openCase(state, flag({ imageId: `${prefix}${n}` })),
        );
      for (const one of steps) {
        const held = await claims(transactor, prefix);
        expect(held.length).toBeLessThanOrEqual(LIMIT);
        if (one === 'release' && held[0]) {
          const { id, state } = held[0];
          const use = { caseId: id, reviewer: 'rita', token: state.claim!.token };
          await transactor.transact(caseStream, id, context, (now) => releaseCase(now, use));
        } else if (one === 'view') {
          for (const { id, position } of held)
            await pool.query(
              `UPDATE ${CASES} SET status = 'claimed', claimed_by = 'rita', claimed_until = to_timestamp($2::float8 / 1000), position = $3 WHERE case_id = $1`,
              [id, now + LEASE_MS, position],
            );
        } else if (one.startsWith('p')) await processes[Number(one[1])]?.step();
      }
      // Whatever was abandoned on the way, a process that goes on alone gets the reviewer to the limit.
      for (const one of processes) for (let n = 0; n < 12; n++) await one.step();
      expect(await claims(transactor, prefix)).toHaveLength(LIMIT);
    }),
    { numRuns: 25, seed: 1 },
  );
});

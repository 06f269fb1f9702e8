import type { Position, RecordedEvent } from '../../kernel/envelope.js';
import { eventLoop } from '../../kernel/event-loop.js';
import { arrayParameter } from '../../platform/database/array-parameters.js';
import { copyRows } from '../../platform/database/copy-rows.js';
import type { Pool } from '../../platform/database/database.js';
import { inTransaction } from '../../platform/database/in-transaction.js';
import { subjectsOf } from '../subjects.js';

const EVENTS_PER_TURN = 250;
const UNIQUE_VIOLATION = '23505';
const COLUMNS = [
  ['subject', { type: 'text' }],
  ['position', { type: 'int8' }],
] as const;
/** A cohort of 1,000 people has as many subjects. */
const MOST_ROWS = 20_000;

const INSERT_MISSING = {
  name: 'gatehouse_store_places',
  text: `INSERT INTO history.places (subject, position) SELECT * FROM unnest($1::text[], $2::bigint[])
         ON CONFLICT DO NOTHING`,
};

/**
 * Stores by which subjects events are found; those that are stored stay.
 * @param isAgain whether most of them are: COPY would fail, and leave dead rows
 */
export async function storePlaces(
  pool: Pool,
  events: readonly RecordedEvent[],
  facts: ReadonlySet<string>,
  isAgain = false,
): Promise<void> {
  const store = isAgain ? insertMissing : copyOrInsert;
  let rows: Place[] = [];
  for (let n = 0; n < events.length; n++) {
    const event = events[n]!;
    if (n % EVENTS_PER_TURN === EVENTS_PER_TURN - 1) await eventLoop.yield();
    for (const subject of subjectsOf(event, facts.has(event.type))) rows.push({ subject, position: event.position });
    if (rows.length < MOST_ROWS) continue;
    await store(pool, inOrder(rows));
    rows = [];
  }
  if (rows.length > 0) await store(pool, inOrder(rows));
}

type Place = { subject: string; position: Position };

/** In the order of the index, so that entries of one page of it are added together. */
const inOrder = (rows: Place[]): readonly Place[] =>
  rows.sort((a, b) => (a.subject < b.subject ? -1 : a.subject > b.subject ? 1 : a.position - b.position));

/** COPY costs the server half as much as INSERT does. */
async function copyOrInsert(pool: Pool, rows: readonly Place[]): Promise<void> {
  try {
    await inTransaction(pool, async (client) => {
      // The checkpoint is stored behind them: if that is durable, so are they.
      const lazily = client.query('SET LOCAL synchronous_commit TO off');
      await Promise.all([lazily, copyRows(client, 'history.places', COLUMNS, rows)]);
    });
  } catch (error) {
    if ((error as { code?: string }).code !== UNIQUE_VIOLATION) throw error;
    await insertMissing(pool, rows);
  }
}

async function insertMissing(pool: Pool, rows: readonly Place[]): Promise<void> {
  const subjects = rows.map(({ subject }) => subject);
  const positions = rows.map(({ position }) => position);
  await pool.query({
    ...INSERT_MISSING,
    values: [arrayParameter('text', subjects), arrayParameter('int8', positions)],
  });
}

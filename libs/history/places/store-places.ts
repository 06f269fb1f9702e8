import type { Position, RecordedEvent } from '../../kernel/envelope.js';
import { eventLoop } from '../../kernel/event-loop.js';
import { arrayParameter } from '../../platform/database/array-parameters.js';
import type { Pool } from '../../platform/database/database.js';
import { subjectsOf } from '../subjects.js';

const EVENTS_PER_TURN = 250;
/** A cohort of 1,000 people has as many subjects. */
const MOST_ROWS = 20_000;

const STORE = {
  name: 'gatehouse_store_places',
  text: `INSERT INTO history.places (subject, position) SELECT * FROM unnest($1::text[], $2::bigint[])
         ON CONFLICT DO NOTHING`,
};

/** Stores by which subjects events are found; those that are stored stay. */
export async function storePlaces(
  pool: Pool,
  events: readonly RecordedEvent[],
  facts: ReadonlySet<string>,
): Promise<void> {
  let rows: { subject: string; position: Position }[] = [];
  for (const [n, event] of events.entries()) {
    if (n % EVENTS_PER_TURN === EVENTS_PER_TURN - 1) await eventLoop.yield();
    for (const subject of subjectsOf(event, facts.has(event.type))) rows.push({ subject, position: event.position });
    if (rows.length < MOST_ROWS) continue;
    await storeRows(pool, rows);
    rows = [];
  }
  if (rows.length > 0) await storeRows(pool, rows);
}

/** In the order of the index, so that entries of one page of it are added together. */
async function storeRows(pool: Pool, rows: { subject: string; position: Position }[]): Promise<void> {
  rows.sort((a, b) => (a.subject < b.subject ? -1 : a.subject > b.subject ? 1 : a.position - b.position));
  const subjects = rows.map(({ subject }) => subject);
  const positions = rows.map(({ position }) => position);
  await pool.query({ ...STORE, values: [arrayParameter('text', subjects), arrayParameter('int8', positions)] });
}

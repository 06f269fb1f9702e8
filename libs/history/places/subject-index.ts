import type { EventDefinition } from '../../events/event-definition.js';
import type { Position, RecordedEvent } from '../../kernel/envelope.js';
import { eventLoop } from '../../kernel/event-loop.js';
import { arrayParameter } from '../../platform/database/array-parameters.js';
import type { Pool } from '../../platform/database/database.js';
import { inTransaction } from '../../platform/database/in-transaction.js';
import { type Checkpoint, moveCheckpoints } from '../../subscriptions/checkpoints.js';
import type { LockSession } from '../../subscriptions/lock-session.js';
import type { LogTail } from '../../subscriptions/log-tail.js';
import { type EventHandler, OwnedSubscription } from '../../subscriptions/owned-subscription.js';
import { Ownership } from '../../subscriptions/ownership.js';
import { subjectsOf } from '../subjects.js';

/** The name of its checkpoint and of its ownership. */
export const SUBJECT_INDEX = 'subject-index';

const EVENTS_PER_TURN = 250;
/** A cohort of 1,000 people has as many subjects. */
const MOST_ROWS = 20_000;

const STORE = {
  name: 'gatehouse_store_places',
  text: `INSERT INTO history.places (subject, position) SELECT * FROM unnest($1::text[], $2::bigint[])
         ON CONFLICT DO NOTHING`,
};

export interface SubjectIndexReport {
  indexed?(events: number): void;
  /** Work stopped for a while; it continues from what is stored. */
  error?(error: unknown): void;
}

/** Nobody waits for less: a busy log would be stored in pages of a few events. */
const REST_MS = 50;

/** The types of facts: what is stored of them is found by their subjects only. */
export const factTypes = (definitions: readonly EventDefinition[]): ReadonlySet<string> =>
  new Set(definitions.flatMap(({ type, fact }) => (fact ? [type] : [])));

/**
 * Keeps which events concern which subject. An existing log is read from its first event on while the index is behind.
 * A page that is stored twice changes nothing.
 */
export function subjectIndexing(
  { pool, log, locks }: { pool: Pool; log: LogTail; locks: LockSession },
  definitions: readonly EventDefinition[],
  epoch: string,
  report: SubjectIndexReport = {},
): OwnedSubscription {
  const facts = factTypes(definitions);
  const handler: EventHandler = {
    name: SUBJECT_INDEX,
    types: definitions.map(({ type }) => type),
    async claimed(checkpoint, isNew) {
      if (isNew) await startOver(pool, checkpoint, epoch);
    },
    async handle(events) {
      await storePlaces(pool, events, facts);
      report.indexed?.(events.length);
    },
    failed: (error) => report.error?.(error),
    restMs: REST_MS,
  };
  return new OwnedSubscription(pool, log, new Ownership(locks, 'subject-indexes', 1), handler);
}

/** In another epoch the log may lack events that the index has, or have others at their positions. */
async function startOver(pool: Pool, checkpoint: Checkpoint, epoch: string): Promise<void> {
  await inTransaction(pool, async (client) => {
    const { rows } = await client.query('SELECT epoch FROM history.indexed FOR UPDATE');
    if (rows[0].epoch === epoch) return;
    await client.query('TRUNCATE history.places');
    await client.query('UPDATE history.indexed SET epoch = $1', [epoch]);
    await moveCheckpoints(client, [checkpoint], 0);
    checkpoint.position = 0;
  });
}

async function storePlaces(pool: Pool, events: readonly RecordedEvent[], facts: ReadonlySet<string>): Promise<void> {
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

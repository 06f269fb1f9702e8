import type { EventDefinition } from '../../events/event-definition.js';
import type { Pool } from '../../platform/database/database.js';
import { inTransaction } from '../../platform/database/in-transaction.js';
import { type Checkpoint, moveCheckpoints } from '../../subscriptions/checkpoints.js';
import { type EventHandler, OwnedSubscription } from '../../subscriptions/owned-subscription.js';
import { Ownership } from '../../subscriptions/ownership.js';
import { INDEX_VERSION } from '../subjects.js';
import { Refill, type SubjectIndexPorts, type SubjectIndexReport } from './refill.js';
import { storePlaces } from './store-places.js';

/** The name of its checkpoint and of its ownership. */
export const SUBJECT_INDEX = 'subject-index';

/**
 * A gap of this version is what was not filled before, and what it had not reached. An older process may move the checkpoint; one
 * of the first version also begins another epoch, in which nothing is of this version yet.
 */
const TAKE_UP = {
  name: 'gatehouse_take_up_places',
  text: `UPDATE history.indexed
         SET version = $1,
             version_epoch = epoch,
             filled = CASE WHEN version <> $1 OR version_epoch <> epoch THEN 0 WHEN filled < fill_to THEN filled ELSE least(reached, $2) END,
             fill_to = $2,
             reached = $2
         WHERE version <> $1 OR version_epoch <> epoch OR reached < $2`,
};

const REACHED = {
  name: 'gatehouse_reached_places',
  text: 'UPDATE history.indexed SET reached = $1 WHERE version = $2 AND version_epoch = epoch AND reached < $1',
};

/** Nobody waits for less: a busy log would be stored in pages of a few events. */
const REST_MS = 50;

/** The types of facts: what is stored of them is found by their subjects only. */
export const factTypes = (definitions: readonly EventDefinition[]): ReadonlySet<string> =>
  new Set(definitions.flatMap(({ type, fact }) => (fact ? [type] : [])));

/**
 * Keeps which events concern which subject. An existing log is read from its first event on while the index is behind, and what an
 * earlier version has indexed is indexed again beside that. A page that is stored twice changes nothing.
 */
export function subjectIndexing(
  ports: SubjectIndexPorts,
  definitions: readonly EventDefinition[],
  epoch: string,
  report: SubjectIndexReport = {},
): { run(signal: AbortSignal): Promise<void>; processAll(): Promise<void> } {
  const following = new OwnedSubscription(
    ports.pool,
    ports.log,
    new Ownership(ports.locks, 'subject-indexes', 1),
    indexing(ports.pool, definitions, epoch, report),
  );
  const refill = new Refill(ports, factTypes(definitions), report);
  return {
    run: async (signal) => {
      await Promise.all([following.run(signal), refill.run(signal)]);
    },
    processAll: async () => {
      await following.processAll();
      await refill.tick();
    },
  };
}

function indexing(
  pool: Pool,
  definitions: readonly EventDefinition[],
  epoch: string,
  report: SubjectIndexReport,
): EventHandler {
  const facts = factTypes(definitions);
  return {
    name: SUBJECT_INDEX,
    types: definitions.map(({ type }) => type),
    async claimed(checkpoint, isNew) {
      if (isNew) await takeUp(pool, checkpoint, epoch);
    },
    async handle(events, next) {
      await storePlaces(pool, events, facts);
      await pool.query({ ...REACHED, values: [next, INDEX_VERSION] });
      report.indexed?.(events.length);
    },
    failed: (error) => report.error?.(error),
    restMs: REST_MS,
  };
}

/**
 * In another epoch the log may lack events that the index has, or have others at their positions. What another version has indexed
 * since, or before, lacks subjects of this one; it serves until that is added.
 */
async function takeUp(pool: Pool, checkpoint: Checkpoint, epoch: string): Promise<void> {
  await inTransaction(pool, async (client) => {
    const { rows } = await client.query('SELECT epoch FROM history.indexed FOR UPDATE');
    if (rows[0].epoch === epoch) {
      await client.query({ ...TAKE_UP, values: [INDEX_VERSION, checkpoint.position] });
      return;
    }
    await client.query('TRUNCATE history.places');
    await client.query(
      `UPDATE history.indexed
       SET epoch = $1, version_epoch = $1, version = $2, reached = 0, filled = 0, fill_to = 0`,
      [epoch, INDEX_VERSION],
    );
    await moveCheckpoints(client, [checkpoint], 0);
    checkpoint.position = 0;
  });
}

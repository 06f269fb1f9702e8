import { catalogue } from '../../dist/apps/composition/catalogue.js';
import { PostgresEventStore } from '../../dist/libs/event-store/postgres/postgres-event-store.js';
import { toIso } from '../../dist/libs/kernel/clock.js';
import { randomNonces } from '../../dist/libs/kernel/ids.js';
import { inTransaction } from '../../dist/libs/platform/database/in-transaction.js';
import { promote, startBuild } from '../../dist/libs/projections/builds.js';
import { GateMoved } from '../../dist/libs/rollout/move-events.js';
import { fillEvidence, headOf, timeOf } from './evidence-rows.mjs';
import { event } from './loading.mjs';

const STAGES = 50;
const MOVES_PER_STAGE = 4;
/** The last stage begins at this part of the time, so that it has about as many images as all others. */
const STAGES_PART = 0.5;
const ADMITTED_PART = 0.8;
const APPENDED = 200;

/**
 * Makes an installation with a rollout behind it: the stream of the rollout with its stages, moves and cohorts, and the rows of the
 * views, at the positions and times of the rollout. The log has no fact.
 */
export async function makeHistory({ pool, connection }, rollout) {
  await fillStream(connection, rollout);
  await spread(pool, rollout);
  for (const view of catalogue.views) await build(pool, view, rollout);
  await pool.query('UPDATE projections.checkpoints SET position = $1', [headOf(rollout)]);
  await pool.query('VACUUM (ANALYZE, PARALLEL 0)');
}

async function fillStream(connection, rollout) {
  const events = [...stagesOf(), ...cohortsOf(rollout)].sort((one, other) => one.part - other.part);
  const store = new PostgresEventStore(connection, undefined, randomNonces());
  let expected = 'no-stream';
  for (let from = 0; from < events.length; from += APPENDED) {
    const some = events.slice(from, from + APPENDED).map(({ part, type, data }) => {
      const one = event('rollout', type, data);
      return { ...one, metadata: { ...one.metadata, time: toIso(timeOf(rollout, part)) } };
    });
    const [result] = await store.append([{ stream: 'rollout', expected, events: some }]);
    if (result.outcome !== 'appended') throw new Error(`loading: ${JSON.stringify(result)}`);
    expected = result.revision;
  }
  await store.close();
}

function stagesOf() {
  return Array.from({ length: STAGES }, (_, n) => {
    const part = (STAGES_PART * n) / STAGES;
    const move = (m) => ({
      part: part + ((m + 1) * STAGES_PART) / STAGES / (MOVES_PER_STAGE + 1),
      type: 'GateMoved',
      data: { ...GateMoved.example, stage: n + 1, outcome: m % 2 === 0 ? 'hold' : 'expand' },
    });
    const raised = { part, type: 'OnboardingRateSet', data: { perWeek: 500 * (n + 1), daily: false } };
    return [raised, ...Array.from({ length: MOVES_PER_STAGE }, (_, m) => move(m))];
  }).flat();
}

function cohortsOf(rollout) {
  const people = Math.ceil(rollout.people / rollout.cohorts);
  return Array.from({ length: rollout.cohorts }, (_, n) => {
    const part = (ADMITTED_PART * (n + 1)) / (rollout.cohorts + 1);
    const at = toIso(timeOf(rollout, part));
    const about = { cohortId: `cohort-${n}` };
    return [
      { part, type: 'CohortAdmitted', data: { ...about, size: people, selection: 'first-come', perWeek: 25_000, at } },
      { part, type: 'CohortClosed', data: { ...about, people, first: at, last: at } },
    ];
  }).flat();
}

/** Moves the events to where they would be among the facts. */
async function spread(pool, rollout) {
  const head = headOf(rollout);
  const { rows } = await pool.query(
    `SELECT count(*)::int AS events, min((metadata->>'time')::timestamptz) AS first FROM log.events`,
  );
  const [{ events }] = rows;
  if (events > head) throw new Error(`${events} events of the rollout are more than its ${head} positions`);
  const part = `extract(epoch FROM (metadata->>'time')::timestamptz - $2::timestamptz) / extract(epoch FROM $3::timestamptz - $2::timestamptz)`;
  const place = `greatest(position, floor(${part} * ($1::int8 - $4::int8))::int8 + position)`;
  await pool.query({
    text: `UPDATE log.events SET position = -(${place}), recorded_at = (metadata->>'time')::timestamptz`,
    values: [head, toIso(timeOf(rollout, 0)), toIso(rollout.now), events],
  });
  await pool.query('UPDATE log.events SET position = -position');
  await pool.query('UPDATE log.head SET position = $1', [head]);
}

async function build(pool, view, rollout) {
  const draft = await startBuild(pool, view);
  await inTransaction(pool, async (client) => {
    await client.query('SET LOCAL statement_timeout = 0');
    await fillEvidence(client, view.name, `${draft.tables.schema}.${view.table.name}`, rollout);
    await draft.tables.complete(client);
    await promote(client, draft);
  });
}

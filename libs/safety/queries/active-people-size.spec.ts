import { afterAll, expect, it } from '@jest/globals';
import pg from 'pg';
// @ts-expect-error: scripts have no types
import { fillEvidence, rolloutOf } from '../../../test/bench/evidence-rows.mjs';
import { countingBuffers } from '../../../test/support/counting-buffers.js';
import { buildEmpty } from '../../../test/support/empty-views.js';
import { NOW } from '../../../test/support/evidence-views.js';
import { createTestDatabase } from '../../../test/support/test-database.js';
import { accountStandingView } from '../../account/index.js';
import { DAY_MS, toIso, utcDayOf } from '../../kernel/clock.js';
import { viewTable } from '../../projections/view-tables.js';
import { activePeopleView } from '../views/active-people.js';
import { safetyImagesView } from '../views/safety-images.js';
import { ActivePeopleReport } from './active-people-report.js';

const IMAGES = 20_000;
const MORE = 5;
const PEOPLE = 500;
const VIEWS = [safetyImagesView, accountStandingView, activePeopleView] as const;
const DAYS = 50;
const ends: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const end of ends) await end();
});

/** Of 300 days, in the same number of which there are as many images whatever the whole. */
async function buffersOf(images: number) {
  const { connection, drop } = await createTestDatabase();
  const pool = new pg.Pool(connection);
  ends.push(() => pool.end().then(drop));
  await buildEmpty(pool, VIEWS);
  const rollout = { ...rolloutOf(images, NOW), people: PEOPLE };
  for (const view of VIEWS) await fillEvidence(pool, view.name, viewTable(view), rollout);
  await pool.query('VACUUM ANALYZE');
  const days = (DAYS * IMAGES) / images;
  const period = { from: utcDayOf(toIso(NOW - (40 + days) * DAY_MS)), to: utcDayOf(toIso(NOW - 41 * DAY_MS)) };
  const { counted, buffers } = countingBuffers(pool);
  const report = new ActivePeopleReport(counted);
  const { groups } = await report.read({ ...period, by: 'cohort' });
  for (const by of ['day', 'week'] as const) await report.read({ ...period, by, cohort: 'cohort-1' });
  const generated = groups.reduce((sum, { images: counts }) => sum + counts.generated, 0);
  return { buffers, generated };
}

it('reads as many buffers for as many images of some days, however many there are of others', async () => {
  const few = await buffersOf(IMAGES);
  const many = await buffersOf(MORE * IMAGES);
  const expected = (DAYS * IMAGES) / 300;
  for (const { generated } of [few, many]) expect(Math.abs(generated - expected)).toBeLessThan(expected / 10);
  const more = Object.keys(few.buffers).filter((one) => many.buffers[one]! > 1.3 * few.buffers[one]! + 8);
  expect(more.map((one) => [one, few.buffers[one], many.buffers[one]])).toEqual([]);
});

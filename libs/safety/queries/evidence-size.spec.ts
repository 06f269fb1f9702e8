import { afterAll, expect, it } from '@jest/globals';
// @ts-expect-error: scripts have no types
import { fillEvidence, headOf, rolloutOf } from '../../../test/bench/evidence-rows.mjs';
import { countingBuffers } from '../../../test/support/counting-buffers.js';
import { type EvidenceViews, evidenceViews, NOW, period } from '../../../test/support/evidence-views.js';
import { DAY_MS } from '../../kernel/clock.js';
import { viewTable } from '../../projections/view-tables.js';
import { EVIDENCE_SOURCES } from './evidence-sources.js';
import { StageEvidence } from './stage-evidence.js';

const IMAGES = 6_000;
const MORE = 10;
const FLAGGED = 30;
/** So many people that the planner would rather read all of them than look up the owner of each image. */
const IMAGES_PER_PERSON = 20;
const DAYS = 300;
/** Exposures and accounts that become old enough between two readings. */
const MATURING = 5;
const opened: EvidenceViews[] = [];
afterAll(async () => {
  for (const views of opened) await views.close();
});

/** The views of a rollout of 300 days, whose second half is the present stage; the same number of images is flagged in each. */
async function rolloutWith(images: number) {
  const views = await evidenceViews();
  opened.push(views);
  const rollout = { ...rolloutOf(images, NOW, images / FLAGGED), people: images / IMAGES_PER_PERSON };
  for (const view of EVIDENCE_SOURCES) await fillEvidence(views.pool, view.name, viewTable(view), rollout);
  await views.pool.query('VACUUM ANALYZE');
  await views.reach(headOf(rollout));
  const stages = Array.from({ length: 50 }, (_, n) => Math.floor((headOf(rollout) * n) / 100));
  return { views, stages, of: { ...period, since: stages.at(-1)! }, perImageMs: (DAYS * DAY_MS) / images };
}

async function buffersOf(images: number) {
  const { views, stages, of, perImageMs } = await rolloutWith(images);
  await views.read(of, stages);
  const later = { ...of, now: NOW + MATURING * perImageMs };
  const { counted, buffers } = countingBuffers(views.pool);
  const evidence = new StageEvidence(counted);
  const { counts } = (await evidence.read(later, stages, Number.MAX_SAFE_INTEGER))!;
  await evidence.byModel(stages);
  await evidence.series(of.since);
  return { buffers, counts };
}

it('reads as many buffers of ten times the images, people, cohorts and cases, if as many were flagged', async () => {
  const few = await buffersOf(IMAGES);
  const many = await buffersOf(MORE * IMAGES);
  expect(few.counts.exposures).toBeGreaterThan(2_000);
  expect(many.counts.exposures).toBeGreaterThan(few.counts.exposures * 9);
  expect(many.counts.confirmed).toBe(few.counts.confirmed);
  const statements = Object.keys(few.buffers);
  expect(statements.length).toBeGreaterThan(12);
  expect(Object.keys(many.buffers)).toEqual(statements);
  const more = statements.filter((one) => many.buffers[one]! > 1.3 * few.buffers[one]! + 8);
  expect(more.map((one) => [one, few.buffers[one], many.buffers[one]])).toEqual([]);
});

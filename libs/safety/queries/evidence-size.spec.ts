import { afterAll, expect, it } from '@jest/globals';
import type pg from 'pg';
// @ts-expect-error: scripts have no types
import { fillEvidence, headOf, rolloutOf } from '../../../test/bench/evidence-rows.mjs';
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

interface PlanNode {
  'Shared Hit Blocks': number;
  'Shared Read Blocks': number;
  Plans?: PlanNode[];
}

/** Of a node those beside its children's: what a WITH writes is done after the statement, which does not count it. */
function buffersIn(node: PlanNode): number {
  const of = (one: PlanNode) => one['Shared Hit Blocks'] + one['Shared Read Blocks'];
  const own = (node.Plans ?? []).reduce((left, child) => left - of(child), of(node));
  return (node.Plans ?? []).reduce((sum, child) => sum + buffersIn(child), Math.max(0, own));
}

/** Counts the buffers that each statement reads, which it tries before on the way. */
function counting(pool: pg.Pool) {
  const buffers: Record<string, number> = {};
  const about = (text: string) => text.replaceAll(/\s+/g, ' ').trim().slice(0, 120);
  const counted: pg.Pool = Object.assign(Object.create(pool), {
    async connect() {
      const client = await pool.connect();
      const query = client.query.bind(client) as unknown as (text: unknown, values?: unknown[]) => Promise<unknown>;
      const asked = async (config: string | pg.QueryConfig, values?: unknown[]) => {
        const text = typeof config === 'string' ? config : config.text;
        if (/^\s*(SELECT|WITH|INSERT)/.test(text)) {
          await query('SAVEPOINT tried');
          const { text: plain, values: given = values } = {
            values,
            ...(typeof config === 'string' ? { text } : config),
          };
          const { rows } = (await query(`EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${plain}`, given)) as pg.QueryResult;
          await query('ROLLBACK TO SAVEPOINT tried');
          buffers[about(text)] = buffersIn(rows[0]['QUERY PLAN'][0].Plan);
        }
        return query(config, values);
      };
      return Object.assign(Object.create(client), { query: asked, release: client.release.bind(client) });
    },
  });
  return { counted, buffers };
}

async function buffersOf(images: number) {
  const { views, stages, of, perImageMs } = await rolloutWith(images);
  await views.read(of, stages);
  const later = { ...of, now: NOW + MATURING * perImageMs };
  const { counted, buffers } = counting(views.pool);
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

import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { caseRow, startCasesView } from '../../../test/support/case-rows.js';
import { eventRules } from '../../../test/support/event-rules.js';
import { recorded } from '../../../test/support/fold-view.js';
import { memoryLog } from '../../../test/support/memory-log.js';
import { Transactor } from '../../event-store/transact.js';
import type { JsonObject } from '../../kernel/envelope.js';
import { timeOrderedIds } from '../../kernel/ids.js';
import { sampleLikeness } from './ordinary-cases.js';

const NOW = Date.parse('2022-05-18T09:00:00Z');
const clock = { now: () => NOW };
const personKeys = { keyedHash: (text: string) => createHmac('sha256', 'spec').update(text).digest('hex') };
const images = Array.from({ length: 60 }, (_, n) => `img-${n}`);

interface Said {
  categories: string[];
  confidence?: number;
  hasComment?: boolean;
}

let view: Awaited<ReturnType<typeof startCasesView>>;
beforeAll(async () => {
  view = await startCasesView();
});
afterAll(() => view.close());

/** What images are like, each like the flag of one of the cases. */
async function likenesses(flags: Record<string, Said & { queue?: string }>, prevalenceQueue?: string) {
  const { store } = memoryLog();
  const write = (stream: string, type: string, data: object) =>
    store.append([
      { stream, expected: 'any', events: [recorded(1, type, data as JsonObject, { id: `of-${stream}` })] },
    ]);
  const rows = [];
  for (const [caseId, { queue = 'default', ...said }] of Object.entries(flags)) {
    rows.push(caseRow(caseId, NOW, { queue }));
    const flag = { flagId: `flag-${caseId}`, flaggedBy: `by-${caseId}`, flaggerKind: 'detector', ...said };
    const round = { caseId, imageId: caseId, round: 1, panelSize: 1, flaggedAt: '2022-05-18T08:00:00.000Z' };
    await write(`case-${caseId}`, 'CaseOpened', { ...round, ...flag });
  }
  await view.fill(rows);
  const sampling = { secondReviewPercent: 0, secondReviewOfDeactivations: false, reason: 'spec' };
  if (prevalenceQueue !== undefined) await write('review-settings', 'SamplingSet', { ...sampling, prevalenceQueue });
  const transactor = new Transactor(store, timeOrderedIds(clock), clock, eventRules);
  const of = sampleLikeness({ pool: view.pool, transactor, store, personKeys });
  return Promise.all(images.map(of));
}

const distinct = (found: readonly object[]) => [...new Set(found.map((one) => JSON.stringify(one)))].sort();

it('is like each of the first flags, with what all of it says together', async () => {
  const found = await likenesses({
    a: { categories: ['violent'], confidence: 0.7 },
    b: { categories: [], hasComment: false },
  });
  expect(distinct(found)).toEqual(
    distinct([
      { categories: ['violent'], confidence: 0.7, flaggerKind: 'detector', recordOf: 'by-a' },
      { categories: [], flaggerKind: 'detector', recordOf: 'by-b' },
    ]),
  );
});

it('is like no flag with a comment, unless all of them have one', async () => {
  const commented = { categories: ['hate'], hasComment: true };
  const found = await likenesses({ a: commented, b: { categories: ['violent'] }, c: commented });
  expect(new Set(found.map(({ recordOf }) => recordOf))).toEqual(new Set(['by-b']));
  const others = await likenesses({ a: commented, c: commented });
  expect(new Set(others.map(({ recordOf }) => recordOf))).toEqual(new Set(['by-a', 'by-c']));
});

it('is like a flag of the queue of the sample, or has no category without one', async () => {
  const flags = { a: { categories: ['violent'], queue: 'calm' }, b: { categories: ['hate'] } };
  const [first, ...more] = await likenesses(flags, 'calm');
  expect(first).toMatchObject({ categories: ['violent'], recordOf: 'by-a', queue: 'calm' });
  expect(distinct(more)).toEqual(distinct([first!]));
  expect(distinct(await likenesses(flags, 'empty'))).toEqual(distinct([{ categories: [], queue: 'empty' }]));
});

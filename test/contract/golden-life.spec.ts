import { expect, it } from '@jest/globals';
import { contexts } from '../../apps/contexts.js';
import type { Context } from '../../libs/context/context.js';
import { isPublished } from '../../libs/events/event-definition.js';
import type { JsonObject } from '../../libs/kernel/envelope.js';
import { foldView, recorded } from '../support/fold-view.js';

const caseId = 'img-77';
const answer = { verdict: 'unsafe', clause: 'violent' };
const claim = (reviewer: string, token: number) => ({ caseId, reviewer, until: '2022-05-18T10:00:00.000Z', token });

/** Everything that is stored of a golden case. */
const LIFE: [type: string, data: JsonObject][] = [
  [
    'GoldenCaseAdded',
    { goldenId: caseId, accountId: 'acc-7', accountStatus: 'onboarded', ...answer, categories: [], by: 'lena' },
  ],
  ['GoldenCaseDrawn', { goldenId: caseId, because: 'event-1', opensAt: '2022-05-18T09:30:00.000Z' }],
  ['GoldenCasePresented', { goldenId: caseId, generatedAt: '2022-05-18T08:00:00.000Z', reach: 0 }],
  [
    'CaseOpened',
    {
      ...{
        caseId,
        imageId: caseId,
        accountId: 'acc-7',
        round: 1,
        panelSize: 1,
        categories: ['violent'],
        hasComment: false,
      },
      ...{ origin: 'golden', golden: { ...answer, reach: 0 }, flaggedAt: '2022-05-18T09:30:00.000Z' },
    },
  ],
  [
    'CaseRouted',
    { caseId, queue: 'default', priority: 10, parts: [], dueAt: '2022-05-18T12:00:00.000Z', rulesVersion: 0 },
  ],
  ['CaseClaimed', claim('rita', 1)],
  ['CaseReleased', { caseId, reviewer: 'rita' }],
  ['CaseHandedOver', { caseId, by: 'lena', reviewer: 'rita', until: '2022-05-19T09:00:00.000Z' }],
  ['CaseClaimed', claim('rita', 2)],
  ['VerdictGiven', { caseId, reviewer: 'rita', verdict: 'unsafe', clause: 'violent' }],
  ['FurtherReviewRequired', { caseId, round: 1, verdicts: 2, because: 'sample' }],
  ['CaseClaimed', claim('rob', 3)],
  ['VerdictGiven', { caseId, reviewer: 'rob', verdict: 'safe' }],
  [
    'GoldenCaseAnswered',
    {
      ...{ caseId, round: 1, outcome: 'dismissed', expected: answer },
      answers: [{ reviewer: 'rita', ...answer, isRight: true }],
    },
  ],
];

const all = (await Promise.all(contexts.map(({ descriptor }) => descriptor?.()))).filter(
  (one): one is Context => one !== undefined,
);

it('changes no view but those of cases and of golden cases', () => {
  const log = LIFE.map(([type, data], n) => recorded(n + 1, type, data));
  const views = all.flatMap((context) => context.views ?? []);
  const changed = views.filter((view) => Object.keys(foldView(view as never, log).rows).length > 0);
  expect(changed.map(({ name }) => name).sort()).toEqual(['cases', 'golden-cases']);
});

it('publishes nothing', () => {
  const types = new Set(LIFE.map(([type]) => type).concat('GoldenCaseRetired', 'GoldenCaseWithdrawn'));
  const events = all.flatMap((context) => context.events ?? []).filter(({ type }) => types.has(type));
  expect(events).toHaveLength(types.size);
  expect(events.filter(isPublished)).toEqual([]);
});

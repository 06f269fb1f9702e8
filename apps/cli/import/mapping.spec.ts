import { describe, expect, it } from '@jest/globals';
import { EventSchemas } from '../../../libs/events/event-schemas.js';
import { catalogue } from '../../composition/catalogue.js';
import type { ReviewRow } from './data-files.js';
import { flagEvents, flagImages, joinEvents, promptImages, slug, verdictEvents } from './mapping.js';

const prompts = [
  { prompt: 'a bowl of soup', category: 'Food & Beverage' },
  { prompt: 'a fox', category: 'Animals' },
  { prompt: 'a hen', category: 'Animals' },
];
const flag = (flagId: string, submittedAt: string) => ({
  flagId,
  submittedAt,
  submitterId: '2010',
  categories: ['hate'],
});
const flags = [flag('7', '2023-07-06T09:00:00.000Z'), flag('8', '2023-07-05T09:00:00.000Z')];
const review = (flagId: string, reviewerId: string, verdict: ReviewRow['verdict'] = 'unsafe') => ({
  flagId,
  reviewerId,
  answerTimeMs: 1_500,
  verdict,
});

it.each([
  ['Food & Beverage', 'food-beverage'],
  ['World Knowledge', 'world-knowledge'],
  [' 3D art! ', '3d-art'],
])('slugs %j', (text, expected) => {
  expect(slug(text)).toBe(expected);
});

it('lets every account join once, those of the flags by the time of their first', () => {
  const joins = joinEvents(prompts, flags).map(({ id, time, data }) => [id, time, data.email]);
  expect(joins).toEqual([
    ['join-parti-food-beverage', undefined, 'parti-food-beverage@import.invalid'],
    ['join-parti-animals', undefined, 'parti-animals@import.invalid'],
    ['join-nibbler-2010', '2023-07-05T09:00:00.000Z', 'nibbler-2010@import.invalid'],
  ]);
});

it('makes a generated image of each prompt, counted from 1, without a time', () => {
  const [first] = promptImages(prompts);
  expect(first).toEqual({
    specversion: '1.0',
    id: 'prompt-1',
    source: '/import/parti-prompts',
    type: 'ImageGenerated',
    data: {
      imageId: 'parti-1',
      accountId: 'parti-food-beverage',
      prompt: 'a bowl of soup',
      promptCategory: 'Food & Beverage',
    },
  });
});

it('makes an image and a flag of each flag, by the same account at the same time', () => {
  const [image] = flagImages(flags);
  const [flagged] = flagEvents(flags);
  const source = '/import/adversarial-nibbler';
  const time = '2023-07-06T09:00:00.000Z';
  expect(image).toMatchObject({
    id: 'image-7',
    source,
    time,
    data: { imageId: 'nibbler-7', accountId: 'nibbler-2010' },
  });
  expect(flagged).toMatchObject({
    id: 'flag-7',
    source,
    time,
    data: { imageId: 'nibbler-7', accountId: 'nibbler-2010', flaggedBy: 'nibbler-2010', flaggerKind: 'user' },
  });
});

describe('verdicts', () => {
  it('stay together by flag, in their order, wherever the rows are in the file', () => {
    const groups = verdictEvents(flags, [review('7', 'a'), review('8', 'a'), review('7', 'b')]);
    expect(groups.map((group) => group.map(({ id }) => id))).toEqual([['verdict-7-1', 'verdict-7-2'], ['verdict-8-1']]);
  });

  it('come after the flag by the time the reviewer took, with a panel of its distinct reviewers', () => {
    const [group] = verdictEvents(flags, [review('7', 'a'), review('7', 'b', 'safe'), review('7', 'a')]);
    expect(group!.map(({ data }) => data.panelSize)).toEqual([2, 2, 2]);
    expect(group![1]).toMatchObject({
      time: '2023-07-06T09:00:01.500Z',
      data: { caseId: 'nibbler-7', reviewer: 'nibbler-reviewer-b', verdict: 'safe', answerTimeMs: 1_500 },
    });
  });
});

it('has only events that their schemas accept', () => {
  const schemas = new EventSchemas(catalogue.events);
  const verdicts = verdictEvents(flags, [review('7', 'a')]).flat();
  const all = [...joinEvents(prompts, flags), ...promptImages(prompts), ...flagImages(flags), ...flagEvents(flags)];
  for (const { type, data } of [...all, ...verdicts])
    expect([type, schemas.fault(type, data)]).toEqual([type, undefined]);
});

import { describe, expect, it } from '@jest/globals';
import type { ApiClient } from '../../../libs/cli/api-client.js';
import { CalibrationAnswer, calibrationExample } from '../../../libs/rollout/index.js';
import { readCalibration } from './read-calibration.js';

const clientOf = (answer: unknown) => ({ get: async () => structuredClone(answer) }) as unknown as ApiClient;
const read = (answer: unknown) => readCalibration({ client: clientOf(answer) }, { history: 12, weeks: 8 });
const codeOf = (answer: unknown) =>
  read(answer).then(
    () => 'none',
    ({ code }) => code,
  );

const known: CalibrationAnswer = calibrationExample;

describe('what an installation says of its history', () => {
  it('becomes a scenario with its state, the same each time', async () => {
    const one = await read(known);
    expect(await read(known)).toEqual(one);
    expect(one.scenario).toMatchObject({
      ...{ days: 56, perWeek: 1000, startsAt: known.at, gate: { limit: known.gate.limit } },
      arrivals: { atStart: 0, perWeek: 1100 },
      before: { perWeek: 1000, waiting: known.waiting, people: known.present, waitingCases: 6 },
    });
    expect(one.parameters.every(({ value, low, high }) => (low ?? value) <= value && value <= (high ?? value))).toBe(
      true,
    );
    expect(one.parameters.every(({ basis }) => basis.length > 0)).toBe(true);
  });

  it('may have more than is known here', async () => {
    expect(await codeOf({ ...known, more: 1, flags: { ...known.flags, other: 'x' } })).toBe('none');
  });

  it.each<[string, unknown]>([
    ['nothing', {}],
    ['a number below 0', { ...known, flags: { ...known.flags, flagged: -1 } }],
    ['a string in place of a number', { ...known, reviewers: '4' }],
    ['a class that is no class', { ...known, stays: [{ class: 'a\u001b[2K', week: 0, personDays: 9 }] }],
    ['a week that there can’t be', { ...known, present: [{ class: 'general', week: 1e9, people: 1 }] }],
    ['more people than there are', { ...known, present: [{ class: 'general', week: 1, people: 1e12 }] }],
    ['no time', { ...known, at: 'yesterday' }],
    ['a limit of nothing', { ...known, gate: { ...known.gate, limit: 0 } }],
    ['a day that there can’t be', { ...known, reviewDays: [{ daysAgo: 1e6, opened: 1, decided: 1 }] }],
  ])('is refused if it has %s', async (_, answer) => {
    expect(await codeOf(answer)).toBe('totals-unusable');
  });

  it('is refused if it shows too little, with what is missing', async () => {
    await expect(read({ ...known, exposures: [] })).rejects.toMatchObject({
      code: 'history-too-short',
      message: expect.stringMatching(/no image that was shared or downloaded is 9 days old/),
    });
    await expect(read({ ...known, stays: [], generated: [], exposures: [] })).rejects.toMatchObject({
      message: expect.stringMatching(/nobody was in, and nobody who was in generated an image, and no image/),
    });
  });

  it('is refused if it has more classes than a scenario, hold-outs left aside', async () => {
    const waiting = (count: number) => [
      { class: 'hold-out', people: 1 },
      ...Array.from({ length: count }, (_, n) => ({ class: `class-${n}`, people: 1 })),
    ];
    expect(await codeOf({ ...known, waiting: waiting(19) })).toBe('none');
    await expect(read({ ...known, waiting: waiting(20) })).rejects.toMatchObject({
      code: 'too-many-classes',
      message: expect.stringMatching(/^people are in 21 classes and a scenario has at most 20: ask/),
    });
  });

  it('leaves open what it can’t show, and says so', async () => {
    const { parameters } = await read({
      ...{ ...known, reviewers: 0, reviewDays: [], flags: { flagged: 0, byUsers: 0, delayDays: 0 } },
      ...{
        verdictTimes: { cases: 0, waiting: 0, p50Ms: null, p95Ms: null },
        reviewHours: [],
        plan: { mode: 'order', classes: [{ class: 'gone' }] },
      },
    });
    const sourceOf = (name: string) => parameters.find(({ parameter }) => parameter === name)?.source;
    expect(
      ['detection.delayDays', 'reviewers.people', 'reviewers.casesPerDay', 'reviewers.accuracy'].map(sourceOf),
    ).toEqual([...['assumed', 'assumed', 'assumed', 'assumed']]);
  });

  it('knows what reviewers can do from days with more than they did, else what they did at least', async () => {
    const capacity = async (reviewDays: CalibrationAnswer['reviewDays'], waitingCases: number) =>
      (await read({ ...known, reviewDays, waitingCases })).parameters.find(
        ({ parameter }) => parameter === 'reviewers.casesPerDay',
      );
    const days = [11, 9, 10].map((decided, daysAgo) => ({ daysAgo, opened: 20, decided }));
    expect(await capacity(days, 60)).toMatchObject({ value: 2.5, source: 'fitted' });
    expect(await capacity(days, 0)).toMatchObject({ value: 11 / 4, high: null, source: 'at least' });
  });
});

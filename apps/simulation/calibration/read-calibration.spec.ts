import { describe, expect, it } from '@jest/globals';
import type { ApiClient } from '../../../libs/cli/api-client.js';
import { toIso, WEEK_MS } from '../../../libs/kernel/clock.js';
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

  it('names what can be done then, as commands that there are', async () => {
    await expect(read({ ...known, exposures: [] })).rejects.toMatchObject({
      message: expect.stringMatching(/"gatehouse simulate --scenario preview-2022 --print" prints$/),
    });
  });

  it('is too short if figures come out of it that no scenario can have, which is no fault of the service', async () => {
    const short = {
      ...known,
      stays: [{ class: 'general', week: 0, personDays: 0.000_01 }],
      generated: [{ class: 'general', week: 0, images: 4 }],
    };
    await expect(read(short)).rejects.toMatchObject({
      code: 'history-too-short',
      message: expect.stringMatching(
        /^too little happened in the last 12 weeks .*\(\/people\/0\/imagesPerWeek must be <= 10000\): let more time pass/,
      ),
    });
    // Whatever else is wrong is the service's.
    expect(await codeOf({ ...short, at: 'yesterday' })).toBe('totals-unusable');
  });

  it('has the mean of the last weeks, without the first of all if that is one of them', async () => {
    const joins = [100, 200, 300].map((people, weeksAgo) => ({ class: 'general', weeksAgo, people }));
    const arrivals = async (weeksAgo: number) => {
      const firstJoin = toIso(Date.parse(known.at) - (weeksAgo + 0.5) * WEEK_MS);
      const { scenario, parameters } = await read({ ...known, weeks: 3, joins, firstJoin });
      return [scenario.arrivals.perWeek, parameters.find((one) => one.parameter === 'arrivals.perWeek')?.basis];
    };
    expect(await arrivals(2)).toEqual([150, '300 people who joined in the last 2 weeks']);
    expect(await arrivals(3)).toEqual([200, '600 people who joined in the last 3 weeks']);
    expect(await arrivals(30)).toEqual([200, '600 people who joined in the last 3 weeks']);
    expect(await arrivals(0)).toEqual([100, '100 people who joined in the last week']);
  });

  it('says within which delay flags were counted', async () => {
    const gate = { ...known.gate, labelDelayDays: 0 };
    const flags = { flagged: 0, byUsers: 0, delayDays: 0 };
    const { parameters } = await read({ ...known, gate, flags });
    expect(
      parameters.filter(({ basis }) => basis.includes('flag')).map(({ source, basis }) => [source, basis]),
    ).toEqual([
      ['fitted', '0 flags within 0 days of the exposure'],
      ['assumed', '0 flags within 0 days of the exposure'],
    ]);
  });

  it('has the share of days in UTC on which people were active, at most all', async () => {
    const { remarks } = await read({
      ...known,
      active: [{ class: 'general', week: 0, activeDays: 9, days: 12 }],
    });
    expect(remarks[0]).toBe(
      'People generate images on 75% of their days in UTC; the scenario has the mean of all days.',
    );
    expect((await read({ ...known, active: [] })).remarks.join()).not.toMatch(/NaN|of their days/);
  });

  it('says one of one', async () => {
    const { parameters, remarks, scenario } = await read({
      ...{ ...known, weeks: 1, reviewers: 1, flags: { flagged: 1, byUsers: 0, delayDays: 0.5 } },
      stays: [{ class: 'general', week: 0, personDays: 2 }],
      generated: [{ class: 'general', week: 0, images: 1 }],
      reviewDays: [{ daysAgo: 0, opened: 1, decided: 1 }],
      verdictTimes: { cases: 1, waiting: 1, p50Ms: null, p95Ms: null },
    });
    const bases = parameters.map(({ basis }) => basis);
    expect(bases).toEqual(
      expect.arrayContaining([
        ...['1 image in 0.29 weeks of people', '1 flag within 9 days of the exposure', '1 reviewer gave verdicts'],
        ...['1 case on their best of 1 day, 1 on all', '1,100 people who joined in the last week', '1 image'],
      ]),
    );
    expect([...bases, ...remarks, scenario.title].join('\n')).not.toMatch(/\b1 (?!waits)(?:\w+s|people|wait)\b/);
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

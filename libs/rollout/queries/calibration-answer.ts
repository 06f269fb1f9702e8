import { type Static, type TSchema, Type } from 'typebox';
import { closed, count, instant, list, oneOf, orNull, position, text } from '../../http/openapi/answer-schemas.js';
import { parameterFields } from '../gate-events.js';
import { DEFAULT_SETTINGS } from '../gate-stage.js';
import { PLAN_MODES } from '../plan-events.js';
import { COUNTED_DAYS, LONGEST_STAY_WEEKS } from './calibration-counts.js';

const amount = (description: string) => Type.Number({ minimum: 0, description });
const byClass = <Fields extends Record<string, TSchema>>(fields: Fields, description: string) =>
  list(closed({ class: text('The class of the waitlist; empty if unknown.'), ...fields }), description);

const week = count(`Whole weeks since their onboarding; ${LONGEST_STAY_WEEKS} for that and more.`);
const daysAgo = count(`Whole days before \`at\`; ${COUNTED_DAYS} for that and more.`);

/** Sums over accounts, of a part and of all of their images. */
const sumsOf = <Name extends string>(name: Name, what: string) =>
  ({
    [name]: count(`${what}`),
    [`${name}Squared`]: count('The sum of the squares of these counts of each account.'),
    [`${name}Product`]: count('The sum of their products with all counts of each account.'),
  }) as Record<Name | `${Name}Squared` | `${Name}Product`, ReturnType<typeof count>>;

export const CalibrationAnswer = closed({
  at: instant('The time of the figures.'),
  from: instant('Where the period begins that they are of.'),
  weeks: count('How many weeks it has.'),
  perWeek: orNull(count('The rate in force; null until one is set.')),
  plan: closed(
    {
      mode: oneOf(PLAN_MODES, 'How the classes share the places of cohorts.'),
      classes: list(
        closed({ class: text('The class.'), share: Type.Optional(count('Its weight, or per cent.')) }),
        'The classes in their order.',
      ),
    },
    'The class plan.',
  ),
  gate: closed(
    { limit: amount('The violation rate that must not be reached.'), ...parameterFields },
    'What operators have set at the gate, the recall of detectors among it.',
  ),
  stage: orNull(
    closed(
      { ordinal: count('1 for the first stage.'), at: instant('When it began.') },
      'The stage of the gate; null until a rate is set.',
    ),
  ),
  firstJoin: orNull(instant('The oldest of the joins that count, also of before the period; null without one.')),
  joins: byClass(
    { weeksAgo: count('Whole weeks before `at`.'), people: count('People whose last join that is.') },
    'Who joined the waitlist in the period.',
  ),
  waiting: byClass({ people: count('People.') }, 'Who waits now, or is invited.'),
  stays: byClass(
    { week, personDays: amount('Days of people who were in.') },
    'How long people were in, in the period.',
  ),
  present: byClass({ week, people: count('People.') }, 'Who is in now.'),
  generated: byClass(
    { week, images: count('Images.') },
    'Images that people generated in the period once they were in.',
  ),
  active: byClass(
    {
      ...{ week, activeDays: count('Days in UTC on which a person generated an image, of all.') },
      days: count('Days in UTC on which they were in, if only for a part of one.'),
    },
    'On how many days people were active in the period.',
  ),
  uses: byClass(
    {
      accounts: count('Accounts with an image.'),
      images: count('Images of the period, without those of the last day.'),
      imagesSquared: count('The sum of the squares of these counts of each account.'),
      ...sumsOf('shared', 'Of these images, shared publicly.'),
      ...sumsOf('downloaded', 'Of these images, downloaded and not shared publicly before.'),
    },
    'What became of images.',
  ),
  exposures: byClass(
    {
      accounts: count('Accounts with an exposed image.'),
      exposed: count('Images that were exposed in the period, but for those too young to have their flags.'),
      exposedSquared: count('The sum of the squares of these counts of each account.'),
      ...sumsOf('confirmed', 'Of these, confirmed violations.'),
      ...sumsOf('dismissed', 'Of these, flagged, and decided to be none.'),
      pending: count('Of these, flagged and not decided.'),
    },
    'What was found in exposed images.',
  ),
  flags: closed(
    {
      flagged: count('Of the same images, flagged within the delay of labels.'),
      byUsers: count('Of these, by no detector.'),
      delayDays: amount('The sum of the days from their exposure to their first flag.'),
    },
    'When and by whom images were flagged.',
  ),
  reviewers: count(`Reviewers with a verdict on cases decided in the last ${COUNTED_DAYS} days.`),
  waitingCases: count('Cases that wait now.'),
  verdictTimes: closed(
    {
      cases: count('Cases of the period, but for those of the last days.'),
      waiting: count('Of these, not decided.'),
      p50Ms: orNull(count('From the flag that opened a case to its decision, of half of them; null if not known.')),
      p95Ms: orNull(count('The same of 95 of 100.')),
    },
    'How long decisions take, those that wait counted as the longest.',
  ),
  reviewDays: list(
    closed({ daysAgo, opened: count('Cases whose round began.'), decided: count('Cases that were decided.') }),
    `The last ${COUNTED_DAYS} days.`,
  ),
  reviewHours: list(
    closed({ hour: count('The hour of the day in UTC.'), decided: count('Cases that were decided in it.') }),
    'When reviewers decide, of the same days.',
  ),
  stageDays: byClass(
    {
      daysAgo,
      exposed: count('Distinct images that were first exposed.'),
      flagged: count('Of these, flagged or confirmed.'),
      pending: count('Of these, flagged and not decided.'),
      confirmed: count('Of these, confirmed.'),
    },
    'The evidence of the stage so far, by the day of its arrival.',
  ),
  position: position('The figures include all events up to this position.'),
});
export type CalibrationAnswer = Static<typeof CalibrationAnswer>;

const sums = {
  sharedSquared: 47_000_000,
  sharedProduct: 115_000_000,
  downloadedSquared: 12_000_000,
  downloadedProduct: 58_000_000,
};

export const calibrationExample: CalibrationAnswer = {
  ...{ at: '2022-08-10T00:00:00.000Z', from: '2022-05-18T00:00:00.000Z', weeks: 12, perWeek: 1000 },
  plan: { mode: 'order', classes: [] },
  gate: DEFAULT_SETTINGS,
  stage: { ordinal: 1, at: '2022-05-18T09:00:00.000Z' },
  firstJoin: '2022-05-11T12:00:00.000Z',
  joins: [0, 1, 2, 3].map((weeksAgo) => ({ class: 'general', weeksAgo, people: 1100 })),
  waiting: [{ class: 'general', people: 3000 }],
  stays: [{ class: 'general', week: 0, personDays: 80_500 }],
  present: [{ class: 'general', week: 0, people: 1000 }],
  generated: [{ class: 'general', week: 0, images: 483_000 }],
  active: [{ class: 'general', week: 0, activeDays: 61_000, days: 84_000 }],
  uses: [
    {
      ...{ class: 'general', accounts: 12_000, images: 3_000_000, imagesSquared: 290_000_000 },
      ...{ shared: 1_200_000, downloaded: 600_000, ...sums },
    },
  ],
  exposures: [
    {
      ...{ class: 'general', accounts: 11_500, exposed: 1_600_000, exposedSquared: 190_000_000, pending: 4 },
      ...{ confirmed: 226, confirmedSquared: 230, confirmedProduct: 33_000 },
      ...{ dismissed: 500, dismissedSquared: 520, dismissedProduct: 74_000 },
    },
  ],
  flags: { flagged: 730, byUsers: 290, delayDays: 740 },
  reviewers: 4,
  waitingCases: 6,
  verdictTimes: { cases: 720, waiting: 0, p50Ms: 14_400_000, p95Ms: 79_200_000 },
  reviewDays: [{ daysAgo: 1, opened: 12, decided: 11 }],
  reviewHours: [{ hour: 9, decided: 25 }],
  stageDays: [{ class: 'general', daysAgo: 1, exposed: 40_000, flagged: 9, pending: 3, confirmed: 2 }],
  position: '4812044',
};

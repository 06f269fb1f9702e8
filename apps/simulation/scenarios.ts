import type { Scenario } from './scenario.js';

/** Those of the published preview: 5 in 10,000 exposed images are flagged, of which reviewers confirm three in ten. */
const PUBLISHED = {
  imagesPerWeek: 42,
  sharedShare: 0.4,
  downloadedShare: 0.2,
  violationRate: 0.000_14,
};
const DETECTION = { recall: 1, falseAlarmRate: 0.000_31, byUsers: 0.4, delayDays: 1 };
/** So that a few hundred exposures are evidence. */
const SMALL_LIMIT = 0.01;
const SMALL = { imagesPerWeek: 14, sharedShare: 0.5, downloadedShare: 0.3 };

export const preview2022: Scenario = {
  name: 'preview-2022',
  title: 'The published preview: a thousand people a week, three million images',
  startsAt: '2022-05-18T00:00:00Z',
  days: 84,
  stepHours: 24,
  perWeek: 1000,
  arrivals: { atStart: 2000, perWeek: 1100 },
  people: [{ class: 'general', share: 1, ...PUBLISHED }],
  detection: DETECTION,
  reviewers: { people: 4, casesPerDay: 20, accuracy: 1 },
  expects: {
    flaggedShareBelow: 0.0005,
    confirmedShareFrom: 0.25,
    confirmedShareTo: 0.35,
    withinRate: true,
    peoplePerWeekTo: 1000,
  },
};

export const beta: Scenario = {
  name: 'beta',
  title: 'A million invitations, at a rate that an operator raises when the gate supports it',
  startsAt: '2022-07-20T00:00:00Z',
  days: 70,
  stepHours: 24,
  perWeek: 50_000,
  raises: [100_000, 200_000],
  gate: { plannedStages: 3 },
  arrivals: { atStart: 1_000_000, perWeek: 20_000 },
  people: [{ class: 'general', share: 1, ...PUBLISHED, imagesPerWeek: 9, violationRate: 0.000_05 }],
  detection: { ...DETECTION, falseAlarmRate: 0.0001 },
  reviewers: { people: 20, casesPerDay: 60, accuracy: 1, weekends: false },
  expects: { brakes: false, expands: true, withinRate: true },
};

export const badCohort: Scenario = {
  name: 'bad-cohort',
  title: 'One class violates the policy at ten times the rate of the others',
  startsAt: '2022-05-18T00:00:00Z',
  days: 28,
  stepHours: 24,
  perWeek: 70,
  plan: { mode: 'order', classes: [{ class: 'artists' }, { class: 'others' }] },
  gate: { limit: SMALL_LIMIT },
  arrivals: { atStart: 120, perWeek: 70 },
  people: [
    { class: 'general', share: 4, ...SMALL, violationRate: 0.005 },
    { class: 'artists', share: 1, ...SMALL, violationRate: 0.05 },
  ],
  detection: { recall: 1, falseAlarmRate: 0.005, byUsers: 0.5, delayDays: 1 },
  reviewers: { people: 4, casesPerDay: 25, accuracy: 1 },
  expects: { brakes: true, brakesFor: 'cohort-harm' },
};

export const reviewBacklog: Scenario = {
  name: 'review-backlog',
  title: 'Reviewers can decide half of the cases',
  startsAt: '2022-05-18T00:00:00Z',
  days: 28,
  stepHours: 24,
  perWeek: 70,
  gate: { limit: 0.1 },
  arrivals: { atStart: 200, perWeek: 70 },
  people: [{ class: 'general', share: 1, ...SMALL, violationRate: 0.005 }],
  detection: { recall: 1, falseAlarmRate: 0.03, byUsers: 0.5, delayDays: 0.5 },
  reviewers: { people: 1, casesPerDay: 5, accuracy: 1 },
  expects: { holdsFirst: true, brakes: true, brakesFor: 'backlog-too-long', expands: false },
};

export const atTheLimit: Scenario = {
  name: 'at-the-limit',
  title: 'The true rate of violations is the limit itself: the gate must not support a raise',
  startsAt: '2022-05-18T00:00:00Z',
  days: 35,
  stepHours: 24,
  perWeek: 70,
  gate: { limit: SMALL_LIMIT, lateShare: 0.05 },
  arrivals: { atStart: 150, perWeek: 70 },
  people: [{ class: 'general', share: 1, ...SMALL, violationRate: SMALL_LIMIT }],
  detection: { recall: 1, falseAlarmRate: 0.002, byUsers: 0.5, delayDays: 1 },
  reviewers: { people: 4, casesPerDay: 25, accuracy: 1, weekends: false },
  expects: { expands: false },
};

const FACES = 'photorealistic-faces';

export const phases: Scenario = {
  name: 'phases',
  title: 'Trusted people first, then invitations, then a part of the rate each day, then open access up to a ceiling',
  startsAt: '2022-05-18T00:00:00Z',
  days: 28,
  stepHours: 24,
  perWeek: 70,
  phases: [
    { day: 1, phase: 'preview', ceiling: 20, classes: ['testers'], restrictions: ['share', FACES] },
    { day: 8, phase: 'invitations', ceiling: 60, restrictions: [FACES] },
    { day: 15, phase: 'weekly', restrictions: [FACES] },
    { day: 22, phase: 'open', ceiling: 150, restrictions: [FACES] },
  ],
  gate: { limit: 0.1 },
  arrivals: { atStart: 150, perWeek: 70 },
  people: [
    { class: 'general', share: 3, ...SMALL, violationRate: 0.005 },
    { class: 'testers', share: 1, ...SMALL, violationRate: 0.001 },
  ],
  detection: { recall: 1, falseAlarmRate: 0.002, byUsers: 0.5, delayDays: 1 },
  reviewers: { people: 4, casesPerDay: 25, accuracy: 1 },
  expects: { brakes: false, withinRate: true, peoplePerWeekTo: 70, peopleTo: 150 },
};

/** Those that come with Gatehouse. */
export const SCENARIOS: readonly Scenario[] = [preview2022, beta, badCohort, reviewBacklog, atTheLimit, phases];

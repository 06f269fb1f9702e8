import { Type } from 'typebox';
import type { AdmitCohortController } from '../../../../libs/rollout/features/admit-cohort.js';
import type { ListCohortsController } from '../../../../libs/rollout/features/list-cohorts.js';
import type { PauseOnboardingController } from '../../../../libs/rollout/features/pause-onboarding.js';
import type { ResumeOnboardingController } from '../../../../libs/rollout/features/resume-onboarding.js';
import type { SetRateController } from '../../../../libs/rollout/features/set-rate.js';
import type { ShowCohortController } from '../../../../libs/rollout/features/show-cohort.js';
import type { ShowRolloutController } from '../../../../libs/rollout/features/show-rollout.js';
import {
  closed,
  count,
  instant,
  list,
  oneOf,
  orNull,
  page,
  position,
  text,
  writeReceiptExample,
  writeReceiptFields,
  writeReceiptSchema,
} from '../answer-schemas.js';
import { answerOf, type OperationGroup } from '../operation.js';

const selection = oneOf(['first-come', 'listed'], 'Who: the first of the waitlist, or the accounts listed.');
const cohort = closed({
  cohortId: text('The cohort.'),
  size: orNull(count('People admitted at the most; null for a moment where the admission was not seen yet.')),
  selection: orNull(selection),
  perWeek: count('The rate in force at the admission.'),
  admittedAt: orNull(instant('When it was admitted.')),
  onboarded: count('People in it so far.'),
  status: oneOf(['admitted', 'onboarding', 'onboarded'], '`onboarded`: as many are in as there were to be had.'),
  position: position('Of the last event that told who is in; 0 before the first.'),
});
const example = {
  cohortId: '2022-w20',
  size: 1000,
  selection: 'first-come',
  perWeek: 1000,
  admittedAt: '2022-05-18T09:00:00.000Z',
  onboarded: 1000,
  status: 'onboarded',
  position: '1042',
};

export const rolloutOperations: OperationGroup = {
  name: 'Rollout',
  description: 'How many people may be let in, and the cohorts that are. No rolling seven days see more than the rate.',
  operations: {
    'GET /v1/rollout': {
      id: 'showRollout',
      summary: 'The rate, what it has left now, the admissions of the last seven days and how many wait',
      answers: {
        200: answerOf<ShowRolloutController['show']>()(
          'Rollout',
          'The rollout as it stands.',
          closed({
            perWeek: orNull(count('People in any rolling seven days; null until a rate is set.')),
            daily: Type.Boolean({ description: 'Whether a seventh of the rate is admitted every day by itself.' }),
            paused: Type.Boolean({ description: 'Whether no cohort is admitted.' }),
            pauseReason: orNull(text('Why it is paused.')),
            available: count('People that may be admitted now, paused or not.'),
            moreAt: orNull(instant('When more may be; null when time alone frees no more.')),
            admissions: list(
              closed({
                cohortId: text('The cohort.'),
                size: count('People it counts for: those granted, and once all are in, those that are in.'),
                at: instant('When it was admitted.'),
                countsUntil: orNull(
                  instant('Seven days after the last of its people came in; null while they are being let in.'),
                ),
              }),
              'Those that count against the rate now, in the order of their admission.',
            ),
            waiting: count('People on the waitlist.'),
            position: position('Of the last event taken into account; `waiting` may lag behind it.'),
          }),
          {
            perWeek: 1000,
            daily: false,
            paused: false,
            pauseReason: null,
            available: 0,
            moreAt: '2022-05-25T09:00:02.000Z',
            admissions: [
              {
                cohortId: '2022-w20',
                size: 1000,
                at: '2022-05-18T09:00:00.000Z',
                countsUntil: '2022-05-25T09:00:02.000Z',
              },
            ],
            waiting: 31_000,
            position: '1041',
          },
        ),
      },
    },
    'PUT /v1/rollout/rate': {
      id: 'setRate',
      summary: 'Sets how many people may be onboarded in any rolling seven days',
      fields: {
        perWeek: 'People in any rolling seven days; 0 admits nobody.',
        daily: 'Whether a seventh of the rate is admitted every day by itself; as it was where absent.',
      },
      example: { perWeek: 1000 },
      answers: {
        200: answerOf<SetRateController['set']>()(
          'Written',
          'The rate is in force.',
          writeReceiptSchema,
          writeReceiptExample,
        ),
      },
    },
    'POST /v1/rollout/pause': {
      id: 'pauseOnboarding',
      summary: 'Admits no cohort until onboarding is resumed; cohorts admitted before are still let in',
      fields: { reason: 'For other operators.' },
      example: { reason: 'reviewers are behind' },
      answers: {
        200: answerOf<PauseOnboardingController['pause']>()(
          'Written',
          'Paused.',
          writeReceiptSchema,
          writeReceiptExample,
        ),
      },
    },
    'POST /v1/rollout/resume': {
      id: 'resumeOnboarding',
      summary: 'Lets cohorts be admitted again',
      answers: {
        200: answerOf<ResumeOnboardingController['resume']>()(
          'Written',
          'Resumed.',
          writeReceiptSchema,
          writeReceiptExample,
        ),
      },
    },
    'POST /v1/cohorts': {
      id: 'admitCohort',
      summary: 'Admits a cohort within the rate; its people are let in right after',
      description: '`GET /v1/cohorts/{id}` tells how far that is.',
      fields: {
        size: 'People, the first of the waitlist; as many as may be and wait where neither this nor accounts is given.',
        accounts: 'Exactly these accounts instead; all of them have to wait.',
        cohortId: 'Makes the request safe to repeat; a fresh one is made where it is absent.',
        priority: 'Only this priority class of the waitlist.',
      },
      example: { cohortId: '2022-w20', size: 1000 },
      answers: {
        202: answerOf<AdmitCohortController['admit']>()(
          'CohortAdmission',
          'The cohort is admitted.',
          closed({
            cohortId: text('The cohort.'),
            size: count('People admitted at the most.'),
            selection,
            ...writeReceiptFields,
          }),
          { cohortId: '2022-w20', size: 1000, selection: 'first-come', position: '1041' },
        ),
      },
      refusals: {
        409: [
          'onboarding-paused',
          'rate-not-set',
          'rate-exceeded',
          'nobody-waiting',
          'not-waiting',
          'cohort-in-progress',
          'cohort-known',
        ],
      },
    },
    'GET /v1/cohorts': {
      id: 'listCohorts',
      summary: 'Cohorts, the newest first',
      answers: {
        200: answerOf<ListCohortsController['list']>()(
          'CohortPage',
          'A page of cohorts.',
          page(cohort, 'The cohorts.'),
          {
            items: [example],
          },
        ),
      },
    },
    'GET /v1/cohorts/{id}': {
      id: 'showCohort',
      summary: 'A cohort: how many were admitted with it and how many are in',
      fields: { id: 'The cohort.' },
      answers: { 200: answerOf<ShowCohortController['show']>()('Cohort', 'The cohort.', cohort, example) },
      refusals: { 404: ['cohort-unknown'] },
    },
  },
};

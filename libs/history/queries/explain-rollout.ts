import { sortedJson } from '../../kernel/canonical-json.js';
import { foldRecorded } from '../../kernel/decider.js';
import type { RecordedEvent } from '../../kernel/envelope.js';
import {
  type AdmitCohort,
  admitCohort,
  availableCapacity,
  pauseOnboarding,
  type Rollout,
  resumeOnboarding,
  rolloutStream,
  setRate,
} from '../../rollout/index.js';
import type { EarlierEvents } from './earlier-events.js';
import { type Explanation, holds } from './explanation.js';

interface Admitted extends Omit<AdmitCohort, 'now' | 'size'> {
  size: number;
  at: string;
}

/** Decides about the rate and the cohorts again. */
export async function explainRollout(event: RecordedEvent, earlier: EarlierEvents): Promise<Explanation | undefined> {
  const { type, data } = event;
  const state = foldRecorded(rolloutStream, await earlier.before(rolloutStream.category));
  const decided = decide(state, event);
  return (
    decided && {
      rules: rulesOf(state, event),
      decided,
      agrees: decided.some((one) => one.type === type && sortedJson(one.data) === sortedJson(data)),
    }
  );
}

function decide(state: Rollout, { type, data }: RecordedEvent) {
  switch (type) {
    case 'OnboardingRateSet':
      return setRate(state, data.perWeek as number, data.daily as boolean);
    case 'OnboardingPaused':
      return pauseOnboarding(state, data.reason as string);
    case 'OnboardingResumed':
      return resumeOnboarding(state);
    case 'CohortAdmitted': {
      const { cohortId, size, accounts, priority, at } = data as unknown as Admitted;
      const asked = { ...(accounts ? { accounts } : { size }), ...(priority !== undefined && { priority }) };
      return admitCohort(state, { cohortId, now: Date.parse(at), ...asked });
    }
    default:
      return undefined;
  }
}

function rulesOf(state: Rollout, { type, data }: RecordedEvent) {
  if (type !== 'CohortAdmitted')
    return [holds('changes-something', decide(state, { type, data } as RecordedEvent)?.length !== 0)];
  const { cohortId, size, at } = data as unknown as Admitted;
  const { available } = availableCapacity(state, Date.parse(at));
  return [
    holds('cohort-new', !state.cohorts.some((one) => one.cohortId === cohortId)),
    holds('onboarding-not-paused', !state.paused),
    holds('rate-set', state.perWeek !== undefined, `${state.perWeek ?? 'no'} people in seven days`),
    holds('within-rate', size <= available, `${size} of ${available} that may still be admitted`),
  ];
}

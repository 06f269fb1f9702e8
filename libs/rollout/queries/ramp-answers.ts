import type { Static } from 'typebox';
import { closed, count, instant, list, oneOf, orNull, text } from '../../http/openapi/answer-schemas.js';
import { toIso } from '../../kernel/clock.js';
import { nextStep, type Ramp, type RampStep, STEP_NEEDS, type StepNeed, stepDueAt } from '../ramp.js';
import { STEP_MODES } from '../ramp-events.js';

export const RampStepsAnswer = list(
  closed({
    perWeek: count('The rate.'),
    afterDays: count('How many days the step before it, or the plan, has to be in force.'),
    exposures: orNull(count('The least exposures that have to count in the stage.')),
    mode: oneOf(STEP_MODES, 'Whether an operator has to confirm it.'),
  }),
  'The steps in their order.',
);

const NEEDS =
  'What it still needs: `days` and `exposures` of the step; the `gate` to support it; `traffic` and `views` of the last day and ' +
  'minute; `confirmation` by an operator; `terms`: the settings ask for a consent that the plan lacks; an `override` that holds ' +
  'the rate to end; `resumption` of onboarding; a `due-change` to take effect.';

export const RampAnswer = closed(
  {
    planId: text('Its id, which a confirmation names.'),
    by: text('Who set it.'),
    reason: text('Why.'),
    made: count('How many of its steps were made.'),
    since: instant('When the last of them was made, or the plan was set.'),
    confirmedBy: orNull(text('Who confirmed the next step.')),
    steps: RampStepsAnswer,
    next: orNull(
      closed(
        {
          perWeek: count('Its rate.'),
          notBefore: instant('When its days are over.'),
          needs: list(oneOf(STEP_NEEDS, 'A condition.'), NEEDS),
        },
        'The next step; null if all were made.',
      ),
    ),
  },
  'The plan by which the rate rises while the gate supports it; null without one.',
);

export const stepAnswers = (steps: readonly RampStep[]): Static<typeof RampStepsAnswer> =>
  steps.map((step) => ({ ...step, exposures: step.exposures ?? null }));

export function rampAnswer(ramp: Ramp, needs: readonly StepNeed[]): Static<typeof RampAnswer> {
  const { planId, by, reason, made, since, confirmedBy, steps } = ramp;
  const next = nextStep(ramp);
  return {
    ...{ planId, by, reason, made, since, confirmedBy: confirmedBy ?? null, steps: stepAnswers(steps) },
    next: next ? { perWeek: next.perWeek, notBefore: toIso(stepDueAt(ramp, next)), needs: [...needs] } : null,
  };
}

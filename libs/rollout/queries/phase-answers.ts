import type { Static } from 'typebox';
import { closed, count, list, oneOf, orNull, text } from '../../http/openapi/answer-schemas.js';
import { PHASE_RESTRICTIONS } from '../../kernel/rollout-limits.js';
import { SuspensionAnswer } from '../../switches/index.js';
import { PHASES } from '../change-events.js';
import { allowsEntry, ENTRIES, type Phase, type PhaseTerms } from '../phase.js';
import { peopleInTotal, type Rollout } from '../rollout.js';

const classes = (description: string) => orNull(list(text('A class.'), description));
const restrictions = (description: string) =>
  list(oneOf(PHASE_RESTRICTIONS, 'An action, or sharing photorealistic faces.'), description);

/** Of a change that may begin a phase. */
export const phaseOfChange = {
  phase: orNull(oneOf(PHASES, 'The phase that it begins; null for none.')),
  ceiling: orNull(count('The ceiling of people in total that it sets; null for none.')),
  classes: classes('The classes whose people may come in by it; null for all, or if it begins no phase.'),
  restrictions: orNull(restrictions('What it restricts; null if it begins no phase.')),
};

/** Of what holds, or held before a change and after it. */
export const phaseThen = {
  phase: oneOf(PHASES, 'The phase.'),
  ceiling: orNull(count('The most people in total; null for no ceiling.')),
  classes: classes('The classes whose people may come in; null for all.'),
  restrictions: restrictions('What it restricts.'),
};

/** Of a change; null what it leaves open. */
export const changedPhase = (change: PhaseTerms) => ({
  ...{ phase: change.phase ?? null, ceiling: change.ceiling ?? null, classes: change.classes ?? null },
  restrictions: change.restrictions ?? (change.phase === undefined ? null : []),
});

export const presentPhase = (given: Phase) => ({
  ...{ phase: given.phase, ceiling: given.ceiling ?? null, classes: given.classes ?? null },
  restrictions: given.restrictions ?? [],
});

export const PhaseAnswer = closed(
  {
    ...phaseThen,
    entries: list(oneOf(ENTRIES, 'A way.'), 'By which ways people may come in; all others are refused.'),
    people: count('Those who ever came in, with those who are being onboarded.'),
    suspended: list(SuspensionAnswer, 'The actions that are suspended, by operators or by the phase.'),
  },
  'The phase of the rollout, with the restrictions in force.',
);

export const phaseAnswer = (rollout: Rollout): Omit<Static<typeof PhaseAnswer>, 'suspended'> => ({
  ...presentPhase(rollout.phase),
  entries: ENTRIES.filter((entry) => allowsEntry(rollout, entry)),
  people: peopleInTotal(rollout),
});

import { Type } from 'typebox';
import { RESTRICTED_ACTIONS } from '../../events/schemas.js';
import {
  actor,
  closed,
  count,
  instant,
  list,
  oneOf,
  orNull,
  position,
  text,
} from '../../http/openapi/answer-schemas.js';
import { MEASURES } from '../events.js';
import type { LadderEntry } from '../ladder.js';

export const LadderEntryAnswer = closed({
  clause: orNull(text('The clause; null: all that have no entry of their own.')),
  strikeDays: orNull(count('For how many days a strike counts; null: forever.')),
  steps: list(
    closed({
      strikes: count('From how many active strikes on it applies.'),
      measure: oneOf(MEASURES, 'What is imposed with the strike.'),
      action: orNull(oneOf(RESTRICTED_ACTIONS, 'The action that is restricted.')),
      days: orNull(count('For how many days.')),
    }),
    'By number of strikes, ascending.',
  ),
});

export const entryAnswer = ({ clause, strikeDays, steps }: LadderEntry) => ({
  clause: clause ?? null,
  strikeDays: strikeDays ?? null,
  steps: steps.map(({ action, days, ...step }) => ({ ...step, action: action ?? null, days: days ?? null })),
});

export const LadderHistory = list(
  closed({
    position: position('From where on it is in force.'),
    time: instant('When it was set.'),
    actor,
    reason: text('Why it was changed.'),
    entries: list(LadderEntryAnswer, 'Its entries.'),
  }),
  'Every version, oldest first.',
);

export const etagField = Type.String({ description: 'Send it as `If-Match` with a change.' });

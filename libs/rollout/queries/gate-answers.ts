import type { Static } from 'typebox';
import { STAGE_CAUSES } from '../../gate/gate-words.js';
import { BRAKING_REASONS, HOLDING_REASONS, MISSING_FIGURES } from '../../gate/verdict.js';
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
import { outcomeInForce, overrideInForce, proposalOf } from '../gate-override.js';
import type { Gate, Stage } from '../gate-stage.js';
import { OUTCOMES } from '../move-events.js';

export const StageAnswer = closed(
  {
    ordinal: count('1 for the first stage; it never restarts.'),
    since: position('The event that it begins with. What arrived after it is evidence.'),
    at: instant('When that happened.'),
    cause: oneOf(STAGE_CAUSES, 'What that was.'),
    what: text('What it is since then: the rate, the limit, the model, …'),
    by: actor,
    reason: orNull(text('Why; null for a raise of the rate.')),
  },
  'Since when evidence counts; null until a rate above 0 is set.',
);

export const stageAnswer = ({ since, reason, changeId: _, ...stage }: Stage): Static<typeof StageAnswer> => ({
  ...stage,
  since: String(since),
  reason: reason ?? null,
});

export const stageExample: Static<typeof StageAnswer> = {
  ordinal: 1,
  since: '7',
  at: '2022-05-18T09:00:00.000Z',
  cause: 'rate-raised',
  what: '1000 people a week',
  by: { kind: 'user', id: 'olga', role: 'operator' },
  reason: null,
};

export const MoveAnswer = closed(
  {
    outcome: oneOf(OUTCOMES, 'What the gate decided.'),
    reasons: list(oneOf([...BRAKING_REASONS, ...HOLDING_REASONS], 'A reason.'), 'Why it was not `expand`.'),
    stage: count('The ordinal of the stage.'),
    position: position('Of its event: `GET /v1/gate/moves/{position}` recomputes it.'),
    at: instant('When it was decided.'),
  },
  'The last move: it decided otherwise than before. Null before the first.',
);

export const moveExample: Static<typeof MoveAnswer> = {
  outcome: 'hold',
  reasons: ['exposures-insufficient', 'accounts-insufficient'],
  stage: 1,
  position: '1043',
  at: '2022-06-18T09:00:00.000Z',
};

export const MissingAnswer = list(
  oneOf(
    MISSING_FIGURES,
    'An input: `reviews` in the first three days of cases; `active-people` if nobody who is in generated an image in this ISO week or the last; `views` that lack an event which was stored over a minute ago; `exposures` if the last one is older than half of the silence that stops admissions.',
  ),
  'What `figures-missing` is about: inputs that are missing, or older than a raise allows.',
);

const overriding = {
  overrideId: text('Its id.'),
  outcome: oneOf(['expand', 'hold'], 'What holds instead of what the gate decides.'),
  reason: text('Why.'),
  until: instant('When it ends.'),
  proposedBy: text('Who proposed it.'),
};

export const overrideFields = {
  override: orNull(
    closed({ ...overriding, approvedBy: text('Who approved it.') }, 'The override in force; null if none is.'),
  ),
  proposal: orNull(closed(overriding, 'An override that waits for the approval of another person; null if none does.')),
};

export const GateInForceAnswer = closed(
  {
    inForce: oneOf(OUTCOMES, 'What holds: what the gate decided last, or what overrides it. `brake` admits nobody.'),
    move: orNull(MoveAnswer),
    ...overrideFields,
  },
  'The gate; `GET /v1/gate` has its evidence.',
);
export type GateInForceAnswer = Static<typeof GateInForceAnswer>;

/** What holds at a time, and because of what. @param now epoch milliseconds */
export function inForceAt(gate: Gate, now: number) {
  const { move } = gate;
  return {
    inForce: outcomeInForce(gate, now),
    move: move
      ? {
          ...{ outcome: move.outcome, reasons: [...move.reasons], stage: move.stage, at: move.at },
          position: String(move.position),
        }
      : null,
    override: overrideInForce(gate, now) ?? null,
    proposal: proposalOf(gate, now) ?? null,
  };
}

import { Type } from 'typebox';
import { defineEvent } from '../events/event-definition.js';
import { Count, EntityId, eventData, Instant, Label, Line, PerWeek } from '../events/schemas.js';
import { MOST_CEILING, PHASE_RESTRICTIONS, PHASES } from '../kernel/rollout-limits.js';

export { MOST_CEILING, PHASES };
export const MOST_PHASE_CLASSES = 20;

export const phaseName = (description: string) => Type.Enum([...PHASES], { description });

export const phaseClasses = (description: string) =>
  Type.Array(Label('A class.'), { minItems: 1, maxItems: MOST_PHASE_CLASSES, uniqueItems: true, description });

const phaseRestrictions = (description: string) =>
  Type.Array(Type.Enum([...PHASE_RESTRICTIONS]), { minItems: 1, uniqueItems: true, description });

export const phaseFields = {
  phase: phaseName(
    'How people come in: `preview`: listed cohorts only; `invitations`: by invitation too; `weekly`: cohorts from the line and the schedule too; `open`: who joins is admitted within a minute and the rate, and no schedule is needed.',
  ),
  ceiling: Count('The most people who may come in in total; no ceiling if absent.', 1, MOST_CEILING),
  classes: Type.Optional(
    phaseClasses('The classes of the waitlist whose people may come in, by whichever way; all if absent.'),
  ),
  restrictions: Type.Optional(
    phaseRestrictions(
      'What is denied to everybody as long as the phase lasts: actions, and sharing photorealistic faces; nothing if absent.',
    ),
  ),
};

export const fieldsBefore = {
  classesBefore: Type.Optional(phaseClasses('The classes before; absent for all.')),
  restrictionsBefore: Type.Optional(phaseRestrictions('What was restricted before; absent for nothing.')),
};

const reason = Line('The reason, shown to other operators.', 1);
const changeId = EntityId('The change.');

/** Of an event that a planned or approved change led to, or that reverts another. */
export const causedByChange = {
  changeId: Type.Optional(EntityId('The planned or proposed change that this is; absent if it was made at once.')),
  by: Type.Optional(Line('Who decided it, if it was decided before it took effect.', 1)),
  approvedBy: Type.Optional(Line('The second person who approved it.', 1)),
  reverts: Type.Optional(Count('The position of the event that it reverts.')),
};

export const CHANGES = ['set-rate', 'pause', 'resume', 'set-phase'] as const;

const change = {
  changeId,
  does: Type.Enum([...CHANGES], { description: 'What it does.' }),
  perWeek: Type.Optional(PerWeek(0)),
  daily: Type.Optional(
    Type.Boolean({ description: 'Whether a seventh of the rate is admitted every day; unchanged if absent.' }),
  ),
  phase: Type.Optional(phaseFields.phase),
  ceiling: Type.Optional(phaseFields.ceiling),
  classes: phaseFields.classes,
  restrictions: phaseFields.restrictions,
  phaseBefore: Type.Optional(phaseName('The phase with which it was compared when it was asked for.')),
  ceilingBefore: Type.Optional(
    Count('The ceiling with which it was compared; absent if there was none.', 1, MOST_CEILING),
  ),
  ...fieldsBefore,
  before: Type.Optional(Count('The rate that it was compared with when it was asked for; absent if none was set.')),
  isConfirmed: Type.Optional(Type.Boolean({ description: 'Whether a raise by more than the factor was confirmed.' })),
  reverts: causedByChange.reverts,
  reason,
};

const example = { changeId: 'r-1', does: 'set-rate', perWeek: 2000, before: 1000, reason: 'as planned' } as const;

export const RolloutChangePlanned = defineEvent({
  type: 'RolloutChangePlanned',
  version: 1,
  summary: 'A change of the rollout was planned: it takes effect at a time, by the clock of the database.',
  schema: eventData({
    ...change,
    effectiveAt: Instant('When it takes effect.'),
    by: causedByChange.by,
    approvedBy: causedByChange.approvedBy,
  }),
  example: { ...example, effectiveAt: '2022-06-01T09:00:00.000Z' },
});

export const RolloutChangeProposed = defineEvent({
  type: 'RolloutChangeProposed',
  version: 1,
  summary: 'A change of the rollout was proposed. Nothing changes until another person approves it.',
  schema: eventData({
    ...change,
    expiresAt: Instant('Until when it can be approved.'),
    effectiveAt: Type.Optional(Instant('When it takes effect once it is approved; at once if absent.')),
  }),
  example: { ...example, perWeek: 5000, expiresAt: '2022-06-08T09:00:00.000Z' },
});

export const ApprovalGiven = defineEvent({
  type: 'ApprovalGiven',
  version: 1,
  summary: 'A second person approved a proposed change of the rollout.',
  schema: eventData({ changeId, proposedBy: Line('Who proposed it.', 1) }),
  example: { changeId: 'r-1', proposedBy: 'olga' },
});

export const CHANGE_ENDS = ['cancelled', 'withdrawn', 'refused', 'lapsed'] as const;

export const RolloutChangeEnded = defineEvent({
  type: 'RolloutChangeEnded',
  version: 1,
  summary: 'A planned or proposed change of the rollout takes no effect any more.',
  schema: eventData({
    changeId,
    how: Type.Enum([...CHANGE_ENDS], {
      description:
        'Cancelled before its time, withdrawn by its proposer, refused by another person, or lapsed: it was due and its conditions no longer held.',
    }),
    reason,
  }),
  example: { changeId: 'r-1', how: 'cancelled', reason: 'reviewers are ill' },
});

export const changeEvents = [RolloutChangePlanned, RolloutChangeProposed, ApprovalGiven, RolloutChangeEnded];

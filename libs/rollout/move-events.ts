import { Type } from 'typebox';
import { defineEvent } from '../events/event-definition.js';
import { Count, EntityId, eventData, Instant, Line, MAX_PER_WEEK } from '../events/schemas.js';
import { parameterFields } from './gate-events.js';

export const OUTCOMES = ['expand', 'hold', 'brake'] as const;
/** Those of the verdict: braking ones first. */
const REASONS = [
  'cohort-harm',
  'harm-before',
  'backlog-too-long',
  'figures-stopped',
  'figures-missing',
  'exposures-insufficient',
  'accounts-insufficient',
  'accounts-over-cap',
  'late-share-exceeded',
  'load-too-high',
  'backlog-over-a-day',
  'deactivations-slow',
] as const;
const MISSING = ['reviews', 'active-people', 'views', 'exposures'] as const;
/** The cohorts that an event names, those with harm first. */
export const COHORTS_NAMED = 100;

const closed = Type.Object;
const options = { additionalProperties: false };
const outcome = (description: string) => Type.Enum([...OUTCOMES], { description });
const number = (description: string) => Type.Number({ description });
const orNull = <Schema extends Parameters<typeof Type.Union>[0][number]>(schema: Schema) =>
  Type.Union([schema, Type.Null()]);
const reason = Line('The reason, shown to other operators.', 1);

export const GateMoved = defineEvent({
  type: 'GateMoved',
  version: 1,
  summary:
    'The gate decided otherwise than before: `expand` supports a higher rate, `hold` keeps it, `brake` stops admissions. Has the integers, the parameters and the position that it was decided by.',
  schema: eventData({
    outcome: outcome('What it decided.'),
    before: Type.Optional(outcome('What it had decided before.')),
    reasons: Type.Array(Type.Enum([...REASONS]), {
      maxItems: REASONS.length,
      description: 'Why it is not `expand`.',
    }),
    missing: Type.Optional(
      Type.Array(Type.Enum([...MISSING]), {
        maxItems: MISSING.length,
        description: 'What `figures-missing` is about: what the evidence lacked, or had only as it was some time ago.',
      }),
    ),
    stage: Count('The ordinal of the stage.', 1),
    since: Count('The position of the event that the stage began with.', 1),
    at: Instant('As of when the evidence was counted.'),
    position: Count('The evidence includes all events up to this position.'),
    ahead: Type.Optional(
      Type.Array(
        closed(
          { view: Line('A view.', 1), shards: Type.Array(Count('How far a shard was.'), { maxItems: 64 }) },
          options,
        ),
        { maxItems: 16, description: 'Views of which a shard was further than that.' },
      ),
    ),
    parameters: closed(
      { limit: number('The violation rate that must not be reached.'), ...parameterFields },
      {
        ...options,
        description: 'The limit and the parameters of the stage.',
      },
    ),
    perWeek: Count('The rate that the load on reviewers was computed for.', 0, 2 * MAX_PER_WEEK),
    exposures: closed(
      {
        exposures: Count('Distinct exposed images of the stage that are old enough.'),
        pending: Count('Of these, flagged and not decided.'),
        confirmed: Count('Of these, confirmed.'),
        arrived: Count('Distinct exposed images of the stage, also those that are too young.'),
        limit: number('The limit after its discounts.'),
        a: number('The first parameter of the prior.'),
        b: number('The second one.'),
        alpha: number('What the stage may spend.'),
        logE: number('The natural logarithm of the evidence.'),
        required: orNull(Count('The least exposures that suffice; null if the stage may spend nothing.')),
        moreClean: orNull(Count('How many more without a violation would do; null if that is not to be expected.')),
      },
      { ...options, description: 'The evidence with the exposure as unit.' },
    ),
    accounts: closed(
      {
        accounts: Count('Accounts of the stage whose windows are closed.'),
        exposures: Count('Their exposures.'),
        violations: Count('Their violations, as many of each account as count.'),
        logE: number('The natural logarithm of the evidence.'),
      },
      { ...options, description: 'The evidence with the account as unit.' },
    ),
    cohorts: Type.Array(
      closed(
        {
          cohortId: EntityId(
            'The cohort; `invited-BATCH` for all cohorts of a batch of invitations, `slice-DAY` and `open-DAY` for all slices of a day in UTC.',
          ),
          ordinal: Count('Its number among all cohorts.', 1),
          exposures: Count('Its exposures that count.'),
          confirmed: Count('Of these, confirmed.'),
          isHarm: Type.Boolean({ description: 'Whether they show a rate above the limit.' }),
        },
        options,
      ),
      { maxItems: COHORTS_NAMED, description: 'Cohorts with a confirmed violation, those that show harm first.' },
    ),
    late: Type.Optional(
      closed(
        {
          since: Count('Exposures after this position count.', 1),
          violations: Count(
            'Confirmed violations of exposures that were followed for three times the delay of labels.',
          ),
          late: Count('Of these, flagged or reopened later than the delay.'),
        },
        {
          ...options,
          description: 'How many labels come late; absent if it was decided by an earlier release, which did not ask.',
        },
      ),
    ),
    figures: closed(
      {
        firstCaseAt: orNull(Count('When the first case was opened, in epoch milliseconds.')),
        opened: Count('Cases opened in the last 14 days.'),
        decided: Count('Cases decided in them.'),
        mostDecidedADay: Count('The most that were decided within one of them.'),
        waiting: Count('Cases that wait.'),
        people: Count('Onboarded accounts that are not deactivated.'),
        activePeople: Type.Optional(
          Count(
            'Distinct accounts that generated an image in the ISO week of that time or in the one before, whichever were more; absent if it was decided by an earlier release.',
          ),
        ),
        deactivationSeconds: orNull(Count('From decision to deactivation, of 95 of 100 in 14 days.')),
        exposedInWeek: Count('Distinct images exposed in the last seven days.'),
        lastExposureAt: orNull(Count('When the last exposure was stored, in epoch milliseconds.')),
        lateBySeconds: Count('How long the first event that the views lacked had been stored.'),
      },
      { ...options, description: 'What reviewers can decide, and how late the figures are.' },
    ),
    isHarmKnown: Type.Boolean({
      description: 'Whether harm was found before that no earlier move or change has ended.',
    }),
    expectedAt: Type.Optional(Instant('When a hold may end at the earliest, if exposures go on without a violation.')),
  }),
  example: {
    outcome: 'hold',
    reasons: ['exposures-insufficient', 'accounts-insufficient'],
    stage: 1,
    since: 7,
    at: '2022-06-18T09:00:00.000Z',
    position: 1041,
    parameters: {
      limit: 0.00015,
      alpha: 0.05,
      labelDelayDays: 9,
      lateShare: 0.05,
      recallLower: 1,
      accountDays: 14,
      accountCap: 3,
      isNearLimit: false,
    },
    perWeek: 2000,
    exposures: {
      exposures: 20_000,
      pending: 0,
      confirmed: 0,
      arrived: 31_000,
      limit: 0.0001425,
      a: 1,
      b: 7017.543859649123,
      alpha: 0.025,
      logE: 1.9,
      required: 35_286,
      moreClean: 15_286,
    },
    accounts: { accounts: 1_000, exposures: 18_000, violations: 0, logE: 0.6 },
    cohorts: [],
    late: { since: 7, violations: 41, late: 2 },
    figures: {
      firstCaseAt: 1_652_864_400_000,
      opened: 1_120,
      decided: 1_106,
      mostDecidedADay: 120,
      waiting: 14,
      people: 1_000,
      activePeople: 640,
      deactivationSeconds: 4,
      exposedInWeek: 11_000,
      lastExposureAt: 1_655_542_800_000,
      lateBySeconds: 0,
    },
    isHarmKnown: false,
    expectedAt: '2022-06-30T09:00:00.000Z',
  },
});

const overrideId = EntityId('The override.');
const overriding = {
  overrideId,
  outcome: Type.Enum(['expand', 'hold'], { description: 'What holds instead of what the gate decides.' }),
  reason,
  until: Instant('When it ends.'),
};

export const GateOverrideProposed = defineEvent({
  type: 'GateOverrideProposed',
  version: 1,
  summary: 'An operator proposed to override the gate. Nothing changes until another person approves.',
  schema: eventData(overriding),
  example: {
    overrideId: 'o-1',
    outcome: 'hold',
    reason: 'reviewers of a partner help out',
    until: '2022-06-20T09:00:00.000Z',
  },
});

export const GateOverrideApproved = defineEvent({
  type: 'GateOverrideApproved',
  version: 1,
  summary:
    'Another person than the one who proposed it approved an override of the gate. It is in force until it ends.',
  schema: eventData({ ...overriding, proposedBy: Line('Who proposed it.', 1) }),
  example: {
    overrideId: 'o-1',
    outcome: 'hold',
    reason: 'reviewers of a partner help out',
    until: '2022-06-20T09:00:00.000Z',
    proposedBy: 'olga',
  },
});

export const GateOverrideEnded = defineEvent({
  type: 'GateOverrideEnded',
  version: 1,
  summary: 'An override of the gate, or a proposal of one, was ended before its time.',
  schema: eventData({ overrideId, reason }),
  example: { overrideId: 'o-1', reason: 'the backlog is gone' },
});

export const moveEvents = [GateMoved, GateOverrideProposed, GateOverrideApproved, GateOverrideEnded];

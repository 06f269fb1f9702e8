import { type Static, Type } from 'typebox';
import { Instant, Label, Line, MAX_PER_WEEK } from '../../libs/events/schemas.js';
import { PHASES, phaseFields } from '../../libs/rollout/change-events.js';
import { GateLimitSet, parameterFields } from '../../libs/rollout/gate-events.js';
import { PLAN_MODES } from '../../libs/rollout/plan-events.js';

const closed = <Fields extends Parameters<typeof Type.Object>[0]>(properties: Fields, description: string) =>
  Type.Object(properties, { additionalProperties: false, description });
const share = (description: string) => Type.Number({ minimum: 0, maximum: 1, description });
const positive = (maximum: number, description: string) => Type.Number({ exclusiveMinimum: 0, maximum, description });
const whole = (minimum: number, maximum: number, description: string) =>
  Type.Integer({ minimum, maximum, description });

const { limit } = GateLimitSet.schema.properties;

/** Days before the beginning that are brought about, if there is something before. */
export const EARLIER_DAYS = 28;

const Behaviour = closed(
  {
    class: Label('The class of the waitlist that they join in.'),
    share: positive(1000, 'Their weight among those who join.'),
    imagesPerWeek: positive(10_000, 'Images that a person generates a week, in the mean.'),
    activityByWeek: Type.Optional(
      Type.Array(Type.Number({ minimum: 0, maximum: 1000, description: 'A multiple.' }), {
        ...{ minItems: 1, maxItems: 100 },
        description:
          'Multiples of `imagesPerWeek` in the first, second, … week since their onboarding; the last holds from then on. 1 if absent.',
      }),
    ),
    sharedShare: share('The share of images that are shared publicly.'),
    downloadedShare: share('The share of images that are downloaded and not shared.'),
    violationRate: share('The share of exposed images that violate the policy, in the mean of all of the class.'),
    violatorShare: Type.Optional(
      positive(1, 'The share of the people who make all of these violations; 1 if absent: everybody alike.'),
    ),
  },
  'People who behave alike.',
);

const listOf = <Item extends Parameters<typeof Type.Array>[0]>(item: Item, description: string) =>
  Type.Array(item, { maxItems: 1000, description });
const people = (description: string) => whole(0, 10_000_000, description);
const cases = (description: string) => whole(0, 1_000_000_000, description);
const daysAgo = whole(0, EARLIER_DAYS, 'Days before the beginning; what is older counts in the oldest.');

const Before = closed(
  {
    perWeek: whole(0, MAX_PER_WEEK, 'The rate until then. A higher one of the scenario begins a stage of the gate.'),
    stage: closed(
      { ordinal: whole(1, 100, '1 for the first stage.'), days: whole(0, 10_000, 'For how many days it has lasted.') },
      'The stage of the gate.',
    ),
    people: listOf(
      closed(
        {
          class: Label('Their class.'),
          week: whole(0, 100, 'Weeks since their onboarding.'),
          people: people('How many.'),
        },
        'People who are in.',
      ),
      'Who is in.',
    ),
    waiting: listOf(
      closed({ class: Label('Their class.'), people: people('How many.') }, 'People who wait.'),
      'Who waits, beside `arrivals.atStart`.',
    ),
    exposures: listOf(
      closed(
        {
          ...{ class: Label('The class of their makers.'), daysAgo, exposed: cases('Images that were first exposed.') },
          flagged: cases('Of these, flagged.'),
          pending: cases('Of these, not decided.'),
          confirmed: cases('Of these, confirmed.'),
        },
        'A day of a class.',
      ),
      'The evidence of the stage so far.',
    ),
    reviews: listOf(
      closed(
        { daysAgo, opened: cases('Cases that were opened.'), decided: cases('Cases that were decided.') },
        'A day.',
      ),
      'What reviewers had to do and did.',
    ),
    waitingCases: cases('Cases that wait.'),
  },
  'What was before: the simulation brings people, cases and the evidence of the gate to this state, and begins then.',
);

const Phase = closed(
  {
    day: whole(1, 1000, 'The day with which it begins; 1 is the first.'),
    phase: Type.Enum([...PHASES], { description: 'As in `POST /v1/rollout/phase-proposals`.' }),
    ceiling: Type.Optional(phaseFields.ceiling),
    classes: phaseFields.classes,
    restrictions: phaseFields.restrictions,
  },
  'A phase, which two operators decide. People do nothing that it restricts.',
);

const Expectations = closed(
  {
    brakes: Type.Optional(Type.Boolean({ description: 'Whether the gate ever brakes.' })),
    brakesFor: Type.Optional(Type.Enum(['cohort-harm', 'backlog-too-long'], { description: 'A reason of a brake.' })),
    holdsFirst: Type.Optional(Type.Boolean({ description: 'Whether it holds for a day or more before it brakes.' })),
    expands: Type.Optional(Type.Boolean({ description: 'Whether the gate ever supports a raise.' })),
    flaggedShareBelow: Type.Optional(share('The share of exposed images that are flagged, which is to stay below.')),
    confirmedShareFrom: Type.Optional(share('The least share of decided cases that are confirmed.')),
    confirmedShareTo: Type.Optional(share('The highest share of decided cases that are confirmed.')),
    withinRate: Type.Optional(
      Type.Boolean({
        description: 'Whether never more people are onboarded in seven days than the rate then in force.',
      }),
    ),
    peopleTo: Type.Optional(people('The most people that come in.')),
    peoplePerWeekTo: Type.Optional(whole(1, MAX_PER_WEEK, 'The most people that are onboarded in a week.')),
  },
  'What has to come out; a run that misses it ends with exit code 7. At a small scale shares are those that a 95% interval includes.',
);

/** A rollout that is played on a virtual clock. */
export const ScenarioSchema = Type.Object(
  {
    $schema: Type.Optional(Type.String({ maxLength: 500, description: 'Of the file, for editors.' })),
    name: Label('Its name.'),
    title: Line('What it shows.', 1),
    startsAt: Instant('When it begins, by the virtual clock.'),
    days: whole(1, 1000, 'How many days it lasts.'),
    stepHours: Type.Enum([1, 2, 3, 4, 6, 8, 12, 24], {
      description: 'How far the clock moves at once. What happens in between is stored at the end of it.',
    }),
    perWeek: whole(1, MAX_PER_WEEK, 'People that may be onboarded in any seven days, a seventh of them each day.'),
    raises: Type.Optional(
      Type.Array(whole(1, MAX_PER_WEEK, 'A rate.'), {
        maxItems: 100,
        description: 'To which rates an operator raises it, one after the other, each time the gate supports a raise.',
      }),
    ),
    plan: Type.Optional(
      closed(
        {
          mode: Type.Enum([...PLAN_MODES], { description: 'As in `PUT /v1/rollout/plan/classes`.' }),
          classes: Type.Array(
            closed(
              { class: Label('The class.'), share: Type.Optional(whole(0, 1_000_000, 'Its weight, or per cent.')) },
              'A class.',
            ),
            { minItems: 1, maxItems: 20, description: 'The classes in their order.' },
          ),
        },
        'How classes share the places; without it people come in the order of joining.',
      ),
    ),
    phases: Type.Optional(
      Type.Array(Phase, { minItems: 1, maxItems: 20, description: 'The phases, in the order of their days.' }),
    ),
    gate: Type.Optional(
      Type.Partial(Type.Object({ limit, ...parameterFields }), {
        additionalProperties: false,
        description: 'What operators set at the gate; the usual settings for what is absent.',
      }),
    ),
    arrivals: closed(
      {
        atStart: whole(0, 10_000_000, 'People who wait at the beginning.'),
        perWeek: whole(0, MAX_PER_WEEK, 'People who join the waitlist a week.'),
      },
      'Who joins the waitlist.',
    ),
    before: Type.Optional(Before),
    people: Type.Array(Behaviour, { minItems: 1, maxItems: 20, description: 'How people behave, by class.' }),
    detection: closed(
      {
        recall: share('The share of exposed violations that are ever flagged.'),
        falseAlarmRate: share('The share of other exposed images that are flagged.'),
        byUsers: share('The share of flags that come from users; the others come from a detector.'),
        delayDays: Type.Number({ minimum: 0, maximum: 365, description: 'Days from exposure to flag, in the mean.' }),
      },
      'How images are flagged. Delays are exponential.',
    ),
    reviewers: closed(
      {
        people: whole(1, 100, 'How many there are.'),
        casesPerDay: positive(100_000, 'Cases that one of them decides a day.'),
        accuracy: share('The share of their verdicts that are right.'),
        weekends: Type.Optional(
          Type.Boolean({
            description:
              'Whether they work on Saturdays and Sundays too; true if absent. After days off they decide more in a day than comes in, which shows the gate what they can.',
          }),
        ),
      },
      'Who reviews flagged images.',
    ),
    expects: Type.Optional(Expectations),
  },
  {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Scenario of gatehouse simulate',
    additionalProperties: false,
    description: 'A rollout that `gatehouse simulate --scenario FILE` plays on a virtual clock.',
  },
);

export type Scenario = Static<typeof ScenarioSchema>;
export type Before = Static<typeof Before>;
export type ScenarioPhase = Static<typeof Phase>;
export type Behaviour = Static<typeof Behaviour>;
export type Expectations = Static<typeof Expectations>;

import { Controller, Get, Inject, Query as QueryParameters } from '@nestjs/common';
import { type IQueryHandler, Query, QueryBus, QueryHandler } from '@nestjs/cqrs';
import { Type as ToType } from 'class-transformer';
import { type Static, Type } from 'typebox';
import { AsOf, FromViews } from '../../context/from-views.js';
import { LogEpoch } from '../../event-store/log-epoch.js';
import { Transactor } from '../../event-store/transact.js';
import { MAX_PER_WEEK } from '../../events/schemas.js';
import { type HarmTest, lowestRate } from '../../gate/harm-test.js';
import { BRAKING_REASONS, HOLDING_REASONS, USUAL_CAPACITY } from '../../gate/verdict.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IfGiven, IsInteger } from '../../http/field-rules.js';
import { entityTagOf } from '../../http/if-match.js';
import {
  closed,
  count,
  flag,
  instant,
  list,
  oneOf,
  orNull,
  position,
  text,
} from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { type Clock, toIso } from '../../kernel/clock.js';
import { CLOCK } from '../../platform/ports.js';
import { EVIDENCE_SOURCES } from '../../safety/index.js';
import { askedRate, readGate } from '../gate-move.js';
import { DEFAULT_SETTINGS } from '../gate-stage.js';
import { COHORTS_NAMED, OUTCOMES } from '../move-events.js';
import { rolloutStream } from '../rollout.js';
import {
  inForceAt,
  MissingAnswer,
  MoveAnswer,
  moveExample,
  overrideFields,
  StageAnswer,
  stageAnswer,
  stageExample,
} from './gate-answers.js';
import { GateEvidence } from './gate-evidence.js';

const REASONS = ['no-stage', ...BRAKING_REASONS, ...HOLDING_REASONS] as const;

const number = (description: string) => Type.Number({ description });

export const GateAnswer = closed({
  outcome: oneOf(OUTCOMES, 'What the evidence supports: a higher rate, the present one, or no admission.'),
  reasons: list(oneOf(REASONS, 'A reason.'), 'Why it is not `expand`; empty if it is.'),
  missing: MissingAnswer,
  inForce: oneOf(OUTCOMES, 'What holds: what the gate decided last, or what overrides it.'),
  move: orNull(MoveAnswer),
  ...overrideFields,
  expectedAt: orNull(
    instant(
      'When a hold may end at the earliest, if exposures go on without a violation; null if that is not to be expected.',
    ),
  ),
  isHarmKnown: flag('Whether harm was found before, and no change or evidence has ended it since.'),
  stage: orNull(StageAnswer),
  settings: closed(
    {
      limit: number('The violation rate that must not be reached.'),
      alpha: number('The chance that the rollout ever raises its rate wrongly.'),
      labelDelayDays: count('After how many days an exposure counts.'),
      lateShare: number('At most this share of violations is flagged later, or reopened.'),
      recallLower: number('At least this share of violations is ever found.'),
      accountDays: count('How many days of an account count.'),
      accountCap: count('How many violations of one account count.'),
      isNearLimit: flag('Whether it is to open near 0.8 of the limit.'),
      plannedStages: orNull(count('The stages of the ramp plan; null without one.')),
      mostLoad: number('A raise needs the expected cases to fit in this share of what reviewers can decide.'),
      mostWaitingDays: number('A raise waits while more cases wait than reviewers can decide in so many days.'),
      brakingDays: number('Admissions stop while more cases wait than that in so many days.'),
      silenceDays: count('Admissions stop if no image was exposed for so many days although some were before.'),
    },
    'What operators have set.',
  ),
  exposures: closed(
    {
      passes: flag('Whether the test with each exposure as unit passes.'),
      exposures: count(
        'Distinct exposed images of the stage, in the order of arrival, up to the first that is too young.',
      ),
      arrived: count('Distinct exposed images of the stage, also those that are too young to count.'),
      pending: count('Of these that count, flagged and not decided. They count as violations.'),
      confirmed: count('Of these, confirmed.'),
      limit: number('The limit after its discounts for late labels and recall.'),
      a: number('The first parameter of the beta prior.'),
      b: number('The second one.'),
      alpha: number('What this stage may spend.'),
      logE: number('The natural logarithm of the evidence. It passes at -ln(alpha).'),
      requiredExposures: orNull(count('The least exposures that suffice; null if the stage may spend nothing.')),
      moreCleanExposures: orNull(
        count('How many more exposures without a violation would do; null if that is not to be expected.'),
      ),
      upper: number('The highest violation rate that the test does not refute. Below the limit exactly if it passes.'),
    },
    'The test with each exposure as unit.',
  ),
  accounts: closed(
    {
      passes: flag('Whether the test with each account as unit passes.'),
      accounts: count('Accounts that were onboarded in the stage and whose window is closed.'),
      exposures: count('Their exposures in their windows.'),
      violations: count('Of these, flagged and not dismissed, as many of each account as count.'),
      logE: number('The natural logarithm of the evidence.'),
    },
    'The test with each account as unit, which holds where a few accounts make most violations.',
  ),
  harm: list(
    closed({
      cohortId: text(
        'The cohort; `invited-BATCH` for all cohorts of a batch of invitations, `slice-DAY` and `open-DAY` for all slices of a day in UTC.',
      ),
      ordinal: count('Its number among all cohorts, from 1.'),
      exposures: count('Its exposures in the stage that count.'),
      confirmed: count('Of these, confirmed.'),
      isHarm: flag('Whether they show a rate above the limit.'),
      lower: number('The lowest violation rate that the test does not refute.'),
    }),
    `The cohorts with a confirmed violation, those with the most evidence of harm first; at most ${COHORTS_NAMED}.`,
  ),
  late: orNull(
    closed(
      {
        since: position('Exposures after this event count: since then labels come as late as they do now.'),
        violations: count('Confirmed violations of exposures that were followed for three times the delay of labels.'),
        late: count('Of these, flagged or reopened later than the delay.'),
        isExceeded: flag('Whether that is more than the share of late labels that is set.'),
        leastShare: orNull(
          number('The least share to set instead; null if it is not exceeded, or only a longer delay helps.'),
        ),
      },
      'How many labels come late, by which the share that is set is checked; null before the first stage.',
    ),
  ),
  load: closed(
    {
      supplyPerDay: orNull(
        number('Cases that reviewers can decide a day: the most they did within one. Null in the first three days.'),
      ),
      verdictsPerDay: orNull(number('Cases decided a day; null in the first three days.')),
      casesPerDay: number('Cases opened a day.'),
      waiting: count('Cases that wait now.'),
      people: count('Onboarded accounts that are not deactivated.'),
      peopleAfter: count('The same after a week at the rate that is asked about.'),
      activePeople: count(
        'Distinct accounts that generated an image in this ISO week or the last one, whichever were more; at most `people`.',
      ),
      casesPerDayAfter: orNull(
        number(
          'Cases opened a day then, if everybody who comes in makes as many as an active person now; null if nobody is active.',
        ),
      ),
      deactivationSeconds: orNull(
        number('From the decision to the deactivation, of 95 of 100 in the last 14 days; null without any.'),
      ),
    },
    'What reviewers do and have to do, of the last 14 days.',
  ),
  etag: text('Also the header `ETag`. Send it as `If-Match` to set the limit or parameters only if nobody has since.'),
  position: position('The evidence includes all events up to this position.'),
});
export type GateAnswer = Static<typeof GateAnswer>;

const example: GateAnswer = {
  outcome: 'hold',
  reasons: ['exposures-insufficient', 'accounts-insufficient'],
  missing: [],
  inForce: 'hold',
  move: moveExample,
  override: null,
  proposal: null,
  expectedAt: '2022-06-30T09:00:00.000Z',
  isHarmKnown: false,
  stage: stageExample,
  settings: {
    ...DEFAULT_SETTINGS,
    ...USUAL_CAPACITY,
    plannedStages: null,
  },
  exposures: {
    passes: false,
    exposures: 20_000,
    arrived: 31_000,
    pending: 0,
    confirmed: 0,
    limit: 0.0001425,
    a: 1,
    b: 7017.543859649123,
    alpha: 0.025,
    logE: 1.9,
    requiredExposures: 35_286,
    moreCleanExposures: 15_286,
    upper: 0.00022,
  },
  accounts: { passes: false, accounts: 1_000, exposures: 18_000, violations: 0, logE: 0.6 },
  harm: [],
  late: { since: '7', violations: 41, late: 2, isExceeded: false, leastShare: null },
  load: {
    ...{ supplyPerDay: 180, verdictsPerDay: 120, casesPerDay: 80, waiting: 14, people: 1_000, peopleAfter: 3_000 },
    ...{ activePeople: 640, casesPerDayAfter: 330, deactivationSeconds: 4 },
  },
  etag: '"9c1f03ab55d2-0"',
  position: '1042',
};

export class ShowGate extends Query<Omit<GateAnswer, 'position'>> {
  @IfGiven()
  @ToType(() => Number)
  @IsInteger(
    'The rate that is asked about, for the load on reviewers; by default that of the next step of a ramp plan, or twice the present one.',
    0,
    MAX_PER_WEEK,
  )
  perWeek?: number;
}

@QueryHandler(ShowGate)
export class ShowGateHandler implements IQueryHandler<ShowGate> {
  constructor(
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(GateEvidence) private readonly evidence: GateEvidence,
    @Inject(LogEpoch) private readonly epoch: LogEpoch,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async execute({ perWeek: asked }: ShowGate): Promise<GateAnswer> {
    let perWeek = asked;
    const evidence = await this.evidence.read(async () => {
      const { state } = await this.transactor.load(rolloutStream, undefined);
      perWeek ??= askedRate(state);
      return state.gate;
    });
    const { gate, lateBySeconds } = evidence;
    const { verdict, load, expectedAt } = readGate(gate, evidence, perWeek!, lateBySeconds);
    const { outcome, reasons, missing, exposures, accounts, harm, late } = verdict;
    const { prior, n: _, x: __, ...test } = exposures;
    const { cap: ___, ...ofAccounts } = accounts;
    const cohortIds = new Map(evidence.cohorts.map(({ ordinal, cohortId }) => [ordinal, cohortId]));
    return {
      outcome,
      reasons: [...(gate.stage ? [] : ['no-stage' as const]), ...reasons],
      missing: [...missing],
      ...inForceAt(gate, this.clock.now()),
      expectedAt: expectedAt === undefined ? null : toIso(expectedAt),
      isHarmKnown: gate.harmStage !== undefined,
      stage: gate.stage ? stageAnswer(gate.stage) : null,
      settings: { ...USUAL_CAPACITY, ...gate.settings, plannedStages: gate.settings.plannedStages ?? null },
      exposures: { ...test, ...prior, ...evidence.counts, arrived: evidence.figures.arrived },
      accounts: ofAccounts,
      harm: mostHarmful(harm).map((test) => {
        const { ordinal, exposures: counted, confirmed, isHarm } = test;
        const cohortId = cohortIds.get(ordinal)!;
        return { cohortId, ordinal, exposures: counted, confirmed, isHarm, lower: lowestRate(test, gate.settings) };
      }),
      late: gate.stage && late && evidence.late ? { since: String(evidence.late.since), ...late } : null,
      load,
      etag: entityTagOf(gate.changedAt, this.epoch.current),
      position: String(evidence.position),
    };
  }
}

const mostHarmful = (harm: readonly HarmTest[]): HarmTest[] =>
  harm
    .toSorted((one, other) => other.logE - other.threshold - (one.logE - one.threshold) || one.ordinal - other.ordinal)
    .slice(0, COHORTS_NAMED);

@Controller('v1/gate')
export class ShowGateController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  @Get()
  @FromViews(...EVIDENCE_SOURCES)
  @AsOf()
  @Roles('operator', 'administrator', 'compliance')
  @Operation('Whether the evidence supports a higher rate, why, and what would change it', {
    description:
      'Computed from the evidence since the stage began. A brake stops admissions; raising the rate is for operators.',
    answer: answer('Gate', 'The gate as it is now.', GateAnswer, example),
  })
  showGate(@QueryParameters() query: ShowGate): Promise<Omit<GateAnswer, 'position'>> {
    return this.queries.execute(query);
  }
}

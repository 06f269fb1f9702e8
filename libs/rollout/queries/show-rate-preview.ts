import { Controller, Get, Inject, Query as QueryParameters } from '@nestjs/common';
import { type IQueryHandler, Query, QueryBus, QueryHandler } from '@nestjs/cqrs';
import { Type as ToType } from 'class-transformer';
import { type Static, Type } from 'typebox';
import { FromViews } from '../../context/from-views.js';
import { Transactor } from '../../event-store/transact.js';
import { MAX_PER_WEEK } from '../../events/schemas.js';
import { BRAKING_REASONS, HOLDING_REASONS } from '../../gate/verdict.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IsInteger } from '../../http/field-rules.js';
import { closed, count, flag, instant, list, oneOf, orNull, position } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { type Clock, toIso } from '../../kernel/clock.js';
import type { Settings } from '../../platform/configuration/settings.js';
import { CLOCK, SETTINGS } from '../../platform/ports.js';
import { EVIDENCE_SOURCES } from '../../safety/index.js';
import { Waitlist, waitlistEntriesView } from '../../waitlist/index.js';
import { readGate } from '../gate-move.js';
import { OUTCOMES } from '../move-events.js';
import { needsOf, rateEffect, reviewEffect } from '../rate-effect.js';
import { rolloutStream } from '../rollout.js';
import { GateInForceAnswer, inForceAt, MissingAnswer, moveExample } from './gate-answers.js';
import { GateEvidence } from './gate-evidence.js';
import { PeopleLeft } from './people-left.js';

const number = (description: string) => Type.Number({ description });

const EffectAnswer = closed({
  perWeek: count('The rate.'),
  perDay: number('People a day.'),
  atOnce: count('People that it, and the ceiling, would allow at once.'),
  lineEndsAt: orNull(
    instant(
      'When the last of those who wait now could come in, if every place is used as soon as it is free; null for never: at a rate of 0, or if more wait than the ceiling leaves.',
    ),
  ),
  casesPerDay: orNull(
    number(
      'Cases a day, a week after the rate is set, if everybody who comes in makes as many as an active person now; null if nobody is active.',
    ),
  ),
  load: orNull(number('The share of what reviewers can decide that these cases need; null while that is not known.')),
});

export const RatePreviewAnswer = closed({
  proposed: EffectAnswer,
  present: orNull(EffectAnswer),
  needs: oneOf(
    ['nothing', 'confirmation', 'approval'],
    'What setting it needs: `confirm` with the same figure, or a proposal and the approval of another person.',
  ),
  waiting: count(
    'People on the waitlist who may be chosen: no hold-outs, nobody of a closed class, and nobody whom the phase leaves out.',
  ),
  unconfirmed: count('People who have to confirm their address before they can be chosen; `waiting` leaves them out.'),
  supplyPerDay: orNull(number('Cases a day that reviewers have shown they can decide; null while it is too early.')),
  waitingCases: count('Cases that wait now.'),
  suffices: orNull(
    flag('Whether the expected cases fit in the share of it that the gate allows; null while it is not known.'),
  ),
  outcome: oneOf(OUTCOMES, 'What the gate would say of this rate.'),
  reasons: list(oneOf([...BRAKING_REASONS, ...HOLDING_REASONS], 'A reason.'), 'Why it would not be `expand`.'),
  missing: MissingAnswer,
  gate: GateInForceAnswer,
  position: position('The figures include all events up to this position.'),
});
export type RatePreviewAnswer = Static<typeof RatePreviewAnswer>;

const example: RatePreviewAnswer = {
  proposed: {
    ...{ perWeek: 2000, perDay: 285.71, atOnce: 1000, lineEndsAt: '2022-09-01T09:00:00.000Z' },
    ...{ casesPerDay: 42, load: 0.7 },
  },
  present: {
    ...{ perWeek: 1000, perDay: 142.86, atOnce: 0, lineEndsAt: '2022-12-15T09:00:00.000Z' },
    ...{ casesPerDay: 36, load: 0.6 },
  },
  needs: 'nothing',
  waiting: 31_000,
  unconfirmed: 120,
  supplyPerDay: 60,
  waitingCases: 12,
  suffices: true,
  outcome: 'hold',
  reasons: ['exposures-insufficient'],
  missing: [],
  gate: { inForce: 'hold', move: moveExample, override: null, proposal: null },
  position: '1042',
};

export class ShowRatePreview extends Query<Omit<RatePreviewAnswer, 'position'>> {
  @IsInteger('The rate: people in any rolling seven days.', 0, MAX_PER_WEEK)
  @ToType(() => Number)
  perWeek!: number;
}

@QueryHandler(ShowRatePreview)
export class ShowRatePreviewHandler implements IQueryHandler<ShowRatePreview> {
  constructor(
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(PeopleLeft) private readonly peopleLeft: PeopleLeft,
    @Inject(Waitlist) private readonly waitlist: Waitlist,
    @Inject(GateEvidence) private readonly evidence: GateEvidence,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(SETTINGS) private readonly settings: Pick<Settings, 'rateConfirmPercent' | 'ratePerWeekAlone'>,
  ) {}

  /** @throws ViewNotBuilt */
  async execute({ perWeek }: ShowRatePreview): Promise<Omit<RatePreviewAnswer, 'position'>> {
    const load = async () => (await this.transactor.load(rolloutStream, undefined)).state;
    const [waiting, { unconfirmed }] = await Promise.all([this.peopleLeft.known(), this.waitlist.counts()]);
    const evidence = await this.evidence.read(async () => (await load()).gate);
    const state = await load();
    const now = this.clock.now();
    const readingOf = (rate: number) => readGate(evidence.gate, evidence, rate, evidence.lateBySeconds);
    const effectOf = (rate: number): Static<typeof EffectAnswer> => {
      const { lineEndsAt, ...effect } = rateEffect(state, rate, waiting, now);
      const { casesPerDay, load: share } = reviewEffect(readingOf(rate).load);
      return { ...effect, lineEndsAt: lineEndsAt === undefined ? null : toIso(lineEndsAt), casesPerDay, load: share };
    };
    const { verdict, load: reviews } = readingOf(perWeek);
    const { supplyPerDay } = reviews;
    const proposed = effectOf(perWeek);
    return {
      proposed,
      present: state.perWeek === undefined ? null : effectOf(state.perWeek),
      needs: needsOf(state, perWeek, this.settings),
      waiting,
      unconfirmed,
      supplyPerDay,
      waitingCases: reviews.waiting,
      suffices: proposed.load === null ? null : !verdict.reasons.includes('load-too-high'),
      outcome: verdict.outcome,
      reasons: verdict.reasons,
      missing: [...verdict.missing],
      gate: inForceAt(state.gate, now),
    };
  }
}

@Controller('v1/rollout/rate-preview')
export class ShowRatePreviewController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  @Get()
  @FromViews(waitlistEntriesView, ...EVIDENCE_SOURCES)
  @Roles('operator', 'administrator', 'compliance')
  @Operation(
    'What a rate would come to: people a day, the load of reviewers, when the line ends, and what the gate says',
    {
      description:
        'Sets nothing. The cases are those of the gate: of the last 14 days, an active person times the active people a week after the rate is set. `outcome` is what the evidence says about this rate; `gate` is what holds now.',
      answer: answer('RatePreview', 'The effect.', RatePreviewAnswer, example),
    },
  )
  showRatePreview(@QueryParameters() query: ShowRatePreview): Promise<Omit<RatePreviewAnswer, 'position'>> {
    return this.queries.execute(query);
  }
}

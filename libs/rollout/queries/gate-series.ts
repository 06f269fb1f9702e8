import { Controller, Get, Inject } from '@nestjs/common';
import { type IQueryHandler, Query, QueryBus, QueryHandler } from '@nestjs/cqrs';
import { type Static, Type } from 'typebox';
import { FromViews } from '../../context/from-views.js';
import { Transactor } from '../../event-store/transact.js';
import { boundsOf } from '../../gate/verdict.js';
import { Roles } from '../../http/credentials/route-access.js';
import { closed, count, list, orNull, position, text } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { EVIDENCE_SOURCES, StageEvidence } from '../../safety/index.js';
import { rolloutStream } from '../rollout.js';
import { StageAnswer, stageAnswer, stageExample } from './gate-answers.js';
import { GateEvidence } from './gate-evidence.js';

const number = (description: string) => Type.Number({ description });

const SeriesAnswer = closed({
  stage: orNull(StageAnswer),
  limit: number('The limit that the evidence is tested against.'),
  points: list(
    closed({
      day: text(
        'A day of arrival in UTC. The evidence is all that arrived in the stage up to its end and is old enough.',
      ),
      exposures: count('Distinct exposed images.'),
      pending: count('Of these, flagged and not decided.'),
      confirmed: count('Of these, confirmed.'),
      lower: number('The lowest violation rate that the test for harm does not refute, by confirmed ones only.'),
      upper: number(
        'The highest one that the test of the gate does not refute, if each one that waits is a violation.',
      ),
    }),
    'The confidence sequence, oldest first.',
  ),
  position: position('The evidence includes all events up to this position.'),
});
export type SeriesAnswer = Static<typeof SeriesAnswer>;

export class ShowSeries extends Query<SeriesAnswer> {}

@QueryHandler(ShowSeries)
export class ShowSeriesHandler implements IQueryHandler<ShowSeries> {
  constructor(
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(GateEvidence) private readonly evidence: GateEvidence,
    @Inject(StageEvidence) private readonly stages: StageEvidence,
  ) {}

  async execute(): Promise<SeriesAnswer> {
    const { gate, position: at } = await this.evidence.read(
      async () => (await this.transactor.load(rolloutStream, undefined)).state.gate,
    );
    const { stage, settings, alphaLeft } = gate;
    const { limit, boundsAt } = boundsOf(settings, stage?.ordinal ?? 1, alphaLeft);
    const days = stage ? await this.stages.series(stage.since) : [];
    return {
      stage: stage ? stageAnswer(stage) : null,
      limit,
      points: days.map((day) => ({ ...day, ...boundsAt(day) })),
      position: String(at),
    };
  }
}

@Controller('v1/gate/series')
export class ShowSeriesController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  @Get()
  @FromViews(...EVIDENCE_SOURCES)
  @Roles('operator', 'administrator', 'compliance')
  @Operation('The confidence sequence of the stage against the limit', {
    description:
      'The bounds are those of the tests: the upper one is below the limit exactly if the test of exposures passes.',
    answer: answer('GateSeries', 'A point for each day on which something arrived.', SeriesAnswer, {
      stage: stageExample,
      limit: 0.0001425,
      points: [
        { day: '2022-05-18', exposures: 900, pending: 0, confirmed: 0, lower: 0, upper: 0.0042 },
        { day: '2022-05-19', exposures: 2_100, pending: 1, confirmed: 0, lower: 0, upper: 0.0031 },
      ],
      position: '1042',
    }),
  })
  showSeries(): Promise<SeriesAnswer> {
    return this.queries.execute(new ShowSeries());
  }
}

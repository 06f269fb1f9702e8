import { Controller, Get, Inject } from '@nestjs/common';
import { type IQueryHandler, Query, QueryBus, QueryHandler } from '@nestjs/cqrs';
import { type Static, Type } from 'typebox';
import { FromViews } from '../../context/from-views.js';
import { Transactor } from '../../event-store/transact.js';
import { Roles } from '../../http/credentials/route-access.js';
import { actor, closed, count, instant, list, oneOf, position, text } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { EVIDENCE_SOURCES, exactInterval, type ModelFigures, StageEvidence } from '../../safety/index.js';
import { STAGES_KEPT } from '../gate-stage.js';
import { OUTCOMES } from '../move-events.js';
import { rolloutStream } from '../rollout.js';
import { StageAnswer, stageAnswer, stageExample } from './gate-answers.js';
import { GateEvidence } from './gate-evidence.js';
import { gateMoves, MOVES_KEPT } from './gate-moves.js';

const number = (description: string) => Type.Number({ description });

const FiguresAnswer = closed({
  model: text('The model; empty for images that named none.'),
  exposures: count('Distinct images that were first exposed in the stage, old enough to count or not.'),
  pending: count('Of these, flagged and not decided.'),
  confirmed: count('Of these, confirmed so far.'),
  low: number('The lower bound of the confirmed share, with a confidence of 95%.'),
  high: number('The upper bound of it.'),
  highIfPending: number('The upper bound if each one that waits is a violation.'),
});

const TimelineAnswer = closed({
  before: list(FiguresAnswer, 'What was exposed before the first stage that is listed.'),
  stages: list(
    closed({ ...StageAnswer.properties, figures: list(FiguresAnswer, 'Until the next stage, by model.') }),
    `What changed, oldest first: the last ${STAGES_KEPT}. The figures before a change are those of the entry before it.`,
  ),
  moves: list(
    closed({
      position: position('Of the move: `GET /v1/gate/moves/{position}` recomputes it.'),
      time: instant('When it was stored.'),
      actor,
      outcome: oneOf(OUTCOMES, 'What the gate decided.'),
      reasons: list(text('A reason.'), 'Why it was not `expand`.'),
      stage: count('The ordinal of the stage.'),
    }),
    `The moves of the gate, oldest first: the last ${MOVES_KEPT}.`,
  ),
  position: position('The figures include all events up to this position.'),
});
export type TimelineAnswer = Static<typeof TimelineAnswer>;

export class ShowTimeline extends Query<TimelineAnswer> {}

@QueryHandler(ShowTimeline)
export class ShowTimelineHandler implements IQueryHandler<ShowTimeline> {
  constructor(
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(GateEvidence) private readonly evidence: GateEvidence,
    @Inject(StageEvidence) private readonly stages: StageEvidence,
  ) {}

  async execute(): Promise<TimelineAnswer> {
    const { gate, position: at } = await this.evidence.read(
      async () => (await this.transactor.load(rolloutStream, undefined)).state.gate,
    );
    const found = await this.stages.byModel(gate.stages.map(({ since }) => since));
    const kept = new Set(gate.stages.map(({ since }) => since));
    const figuresOf = (isOfStage: (since: number) => boolean) =>
      found.filter(({ since }) => isOfStage(since)).map(figuresAnswer);
    const moves = (await this.transactor.load(gateMoves, undefined)).state;
    return {
      before: figuresOf((since) => !kept.has(since)),
      stages: gate.stages.map((stage) => ({
        ...stageAnswer(stage),
        figures: figuresOf((since) => since === stage.since),
      })),
      moves: moves.map(({ position: moved, reasons, ...move }) => ({
        ...{ ...move, position: String(moved), reasons: [...reasons] },
      })),
      position: String(at),
    };
  }
}

/** The raw share never without the bound that counts what waits: a growing backlog makes it fall. */
function figuresAnswer({ model, exposures, pending, confirmed }: ModelFigures): Static<typeof FiguresAnswer> {
  const all = Math.max(exposures, pending + confirmed);
  const { low, high } = exactInterval(confirmed, all);
  return {
    model,
    exposures: all,
    pending,
    confirmed,
    low,
    high,
    highIfPending: exactInterval(confirmed + pending, all).high,
  };
}

@Controller('v1/rollout/timeline')
export class ShowTimelineController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  @Get()
  @FromViews(...EVIDENCE_SOURCES)
  @Roles('operator', 'administrator', 'compliance')
  @Operation('What changed in the rollout, who changed it and why, with the figures before and after, by model', {
    answer: answer(
      'RolloutTimeline',
      'The changes that began a stage of the gate, and the moves of the gate.',
      TimelineAnswer,
      {
        before: [],
        stages: [
          {
            ...stageExample,
            figures: [
              {
                model: 'dalle-2',
                exposures: 31_000,
                pending: 2,
                confirmed: 3,
                low: 0.00002,
                high: 0.00029,
                highIfPending: 0.00038,
              },
            ],
          },
        ],
        moves: [
          {
            ...{ position: '1043', time: '2022-06-18T09:00:00.000Z', actor: { kind: 'process', id: 'gate' } },
            ...{ outcome: 'hold', reasons: ['exposures-insufficient'], stage: 1 },
          },
        ],
        position: '1042',
      },
    ),
  })
  showTimeline(): Promise<TimelineAnswer> {
    return this.queries.execute(new ShowTimeline());
  }
}

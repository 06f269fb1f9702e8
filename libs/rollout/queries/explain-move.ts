import { Controller, Get, Inject, Param } from '@nestjs/common';
import { type IQueryHandler, Query, QueryBus, QueryHandler } from '@nestjs/cqrs';
import { MaxLength } from 'class-validator';
import { type Static, Type } from 'typebox';
import { FromLog } from '../../context/from-views.js';
import type { EventStore } from '../../event-store/event-store.js';
import { LogEpoch } from '../../event-store/log-epoch.js';
import { isOf, type RecordedOf } from '../../events/event-definition.js';
import { Roles } from '../../http/credentials/route-access.js';
import { Means } from '../../http/field-rules.js';
import { actor, closed, flag, instant, list, position, text } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { positionOf } from '../../http/position-text.js';
import { canonicalJson } from '../../kernel/canonical-json.js';
import { foldRecorded } from '../../kernel/decider.js';
import { NotFound } from '../../kernel/errors.js';
import type { Settings } from '../../platform/configuration/settings.js';
import { EVENT_STORE, SETTINGS } from '../../platform/ports.js';
import { EarlierAnswers } from '../../projections/earlier-answers.js';
import { EarlierEvidence, EVIDENCE_SOURCES, type GateFigures } from '../../safety/index.js';
import { type Evidence, evidenceOf, readGate } from '../gate-move.js';
import type { Gate } from '../gate-stage.js';
import { GateMoved } from '../move-events.js';
import { rolloutStream } from '../rollout.js';
import { periodOf } from './gate-evidence.js';

type Moved = RecordedOf<typeof GateMoved>;

/** Of a move, what follows from the log. */
const RECOMPUTED = [
  'outcome',
  'reasons',
  'missing',
  'stage',
  'since',
  'parameters',
  'exposures',
  'accounts',
  'cohorts',
  'late',
  'figures',
  'isHarmKnown',
] as const;

const part = (description: string) =>
  Type.Unsafe<Record<string, unknown>>({ type: 'object', additionalProperties: true, description });

const ExplanationAnswer = closed({
  agrees: flag('Whether the recomputation from the log has the same result.'),
  differences: list(text('A part.'), 'The parts in which they differ.'),
  move: position('Of the event: the last move at or before the position that was asked for.'),
  time: instant('When it was stored.'),
  actor,
  decided: part('What the event `GateMoved` says.'),
  recomputed: part(
    'The same, counted again in views that were replayed from the log up to the position of the evidence.',
  ),
  position: position('The last event of the rollout when it was asked for.'),
});
export type ExplanationAnswer = Static<typeof ExplanationAnswer>;
type Explained = Omit<ExplanationAnswer, 'position'>;

export class ExplainMove extends Query<ExplanationAnswer> {
  @Means('A position of the log.')
  @MaxLength(40)
  position!: string;
}

@QueryHandler(ExplainMove)
export class ExplainMoveHandler implements IQueryHandler<ExplainMove> {
  private readonly answers: EarlierAnswers<Explained>;

  constructor(
    @Inject(EVENT_STORE) private readonly store: Pick<EventStore, 'readStream'>,
    @Inject(EarlierEvidence) private readonly evidence: EarlierEvidence,
    @Inject(LogEpoch) private readonly epoch: Pick<LogEpoch, 'current'>,
    @Inject(SETTINGS) settings: Pick<Settings, 'decisionWaitMs'>,
  ) {
    this.answers = new EarlierAnswers(settings.decisionWaitMs);
  }

  /** @throws NotFound move-unknown; PositionGone; Unavailable replay-running */
  async execute({ position: asked }: ExplainMove): Promise<ExplanationAnswer> {
    const until = positionOf(asked, 'position', this.epoch.current);
    const events = await this.store.readStream(rolloutStream.category);
    const move = events.filter((event) => isOf(GateMoved, event)).findLast((event) => event.position <= until);
    if (!move) {
      throw new NotFound(
        'move-unknown',
        `the gate had not moved at position ${until}; gatehouse rollout timeline lists its moves`,
      );
    }
    const { gate } = foldRecorded(
      rolloutStream,
      events.filter(({ position }) => position < move.position),
    );
    const found = await this.answers.read(`${this.epoch.current} ${move.position}`, () => this.recompute(move, gate));
    return { ...found, position: String(events.at(-1)!.position) };
  }

  private async recompute(move: Moved, gate: Gate): Promise<Explained> {
    const { data } = move;
    const at = Date.parse(data.at);
    const { lateBySeconds } = data.figures;
    const counted = await this.evidence.recount(periodOf(gate, at), data.position, positionsOf(data));
    const { late, ...others } = counted;
    const figures = figuresThen(data, counted.figures);
    const evidence = { ...others, ...(data.late && { late }), figures, at };
    const reading = readGate(gate, evidence, data.perWeek, lateBySeconds);
    const recomputed = {
      ...{ outcome: reading.verdict.outcome, reasons: reading.verdict.reasons },
      ...{ stage: gate.stage?.ordinal, since: gate.stage?.since, parameters: gate.settings },
      ...evidenceOf(reading, evidence, lateBySeconds),
      isHarmKnown: gate.harmStage !== undefined,
    };
    const differences = RECOMPUTED.filter((name) => textOf(recomputed[name]) !== textOf(data[name]));
    return {
      agrees: differences.length === 0,
      differences,
      ...{ move: String(move.position), time: move.metadata.time, actor: move.metadata.actor },
      decided: data,
      recomputed,
    };
  }
}

/** Also of a part that a move lacks, as one without missing inputs does. */
const textOf = (part: unknown): string => canonicalJson({ part });

/** A move of a release that did not count active people was decided without them. */
function figuresThen({ figures }: Moved['data'], counted: GateFigures): Evidence['figures'] {
  const { activePeople, ...others } = counted;
  return figures.activePeople === undefined ? others : { ...others, activePeople };
}

/** How far each shard of each view was. */
function positionsOf({ position, ahead = [] }: Moved['data']): Record<string, readonly number[]> {
  const others = new Map(ahead.map(({ view, shards }) => [view, shards]));
  return Object.fromEntries(EVIDENCE_SOURCES.map(({ name }) => [name, others.get(name) ?? [position]]));
}

@Controller('v1/gate/moves')
export class ExplainMoveController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  @Get(':position')
  @FromLog()
  @Roles('operator', 'administrator', 'compliance')
  @Operation('Recomputes a move of the gate from the log, and says whether it agrees', {
    description: 'Replays the log into views of their own. If that takes longer than a caller waits, ask again.',
    fields: { position: 'A position of the log; the last move at or before it is explained.' },
    answer: answer('GateExplanation', 'The move and its recomputation.', ExplanationAnswer, {
      agrees: true,
      differences: [],
      move: '1043',
      time: '2022-06-18T09:00:00.000Z',
      actor: { kind: 'process', id: 'gate' },
      decided: { outcome: 'hold', stage: 1 },
      recomputed: { outcome: 'hold', stage: 1 },
      position: '1100',
    }),
    refusals: { 404: ['move-unknown'], 503: ['replay-running'] },
  })
  explainMove(@Param() query: ExplainMove): Promise<ExplanationAnswer> {
    return this.queries.execute(query);
  }
}

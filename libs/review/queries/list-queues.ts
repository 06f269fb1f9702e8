import { Controller, Get, Inject } from '@nestjs/common';
import { type IQueryHandler, Query, QueryBus, QueryHandler } from '@nestjs/cqrs';
import type pg from 'pg';
import { type Static, Type } from 'typebox';
import { AsOf, FromViews } from '../../context/from-views.js';
import { LogEpoch } from '../../event-store/log-epoch.js';
import { Transactor } from '../../event-store/transact.js';
import { Roles } from '../../http/credentials/route-access.js';
import { entityTagOf } from '../../http/if-match.js';
import { closed, count, instant, list, oneOf, orNull, position, text } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { type Clock, toIso } from '../../kernel/clock.js';
import type { Actor } from '../../kernel/envelope.js';
import { arrayParameter } from '../../platform/database/array-parameters.js';
import { CLOCK, POOL } from '../../platform/ports.js';
import { queryView } from '../../projections/view-query.js';
import { viewTable } from '../../projections/view-tables.js';
import { IS_OPEN } from '../case-rows.js';
import { FLAG_SOURCES } from '../flagging-events.js';
import { reviewSettingsStream } from '../queue-rules.js';
import { casesView, queueBucket } from '../views/cases.js';
import { caseCounts } from './case-counts.js';
import { REVIEWERS, seesGolden } from './reviewing-roles.js';

const QueuesAnswer = closed({
  queues: list(
    closed({
      id: text('What routes and rules name it by.'),
      title: orNull(text('Its title.')),
      skill: orNull(text('The skill that its reviewers need.')),
      language: orNull(text('The language that its reviewers need.')),
      panel: orNull(count('The number of reviewers whose verdicts decide its cases; null for that of the setting.')),
      open: count('The open cases in it.'),
      claimed: count('Those of them that are claimed now.'),
      oldestOpenedAt: orNull(instant('When the oldest of them was opened.')),
    }),
    'The queues. The counts may lag a moment behind.',
  ),
  rules: list(
    closed({
      queue: text('The queue of the cases that meet every condition of the rule.'),
      categories: Type.Optional(list(Type.String(), 'Flags name one of these categories.')),
      sources: Type.Optional(list(oneOf(FLAG_SOURCES, 'A kind of flagger.'), 'One of these flagged it.')),
      minSeverity: Type.Optional(count('The least severity of the most severe clause.')),
      minConfidence: Type.Optional(Type.Number({ description: 'The least confidence of the most confident flag.' })),
    }),
    'The first rule that a case meets decides its queue.',
  ),
  default: text('The queue of the cases that meet no rule.'),
  patienceHours: count('For how many hours cases that are opened later may go ahead of a case with priority 0.'),
  etag: text('Also the header `ETag`. Send it as `If-Match` to set the queues only if nobody has changed them since.'),
  position: position('The position of the last change; 0 for none.'),
});
export type QueuesAnswer = Static<typeof QueuesAnswer>;

export class ListQueues extends Query<QueuesAnswer> {
  constructor(readonly reader: Actor) {
    super();
  }
}

/** The oldest open case of each queue and its claimed cases: two index lookups for each. */
const FIGURES = `SELECT q.queue, (extract(epoch FROM o.opened_at) * 1000)::int8 AS oldest, c.claimed
  FROM unnest($1::text[]) q(queue)
  LEFT JOIN LATERAL (SELECT opened_at FROM ${viewTable(casesView)} WHERE queue = q.queue AND ${IS_OPEN}
    AND ($3 OR origin <> 'golden')
    ORDER BY opened_at LIMIT 1) o ON true
  CROSS JOIN LATERAL (SELECT count(*) AS claimed FROM ${viewTable(casesView)} WHERE queue = q.queue AND status = 'claimed'
    AND claimed_until > to_timestamp($2::float8 / 1000) AND ($3 OR origin <> 'golden')) c`;

@QueryHandler(ListQueues)
export class ListQueuesHandler implements IQueryHandler<ListQueues> {
  constructor(
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(LogEpoch) private readonly epoch: LogEpoch,
    @Inject(POOL) private readonly pool: pg.Pool,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** A reader who has golden cases in their list of cases has them in these numbers too. */
  async execute({ reader }: ListQueues): Promise<QueuesAnswer> {
    const isGoldenCounted = seesGolden(reader);
    const { state } = await this.transactor.load(reviewSettingsStream, undefined);
    const ids = state.queues.map(({ id }) => id);
    const [counts, { rows }] = await Promise.all([
      caseCounts(this.pool, ids.map(queueBucket)),
      queryView(this.pool, { text: FIGURES, values: [arrayParameter('text', ids), this.clock.now(), isGoldenCounted] }),
    ]);
    return {
      queues: state.queues.map(({ id, title, skill, language, panel }) => {
        const figures = rows.find(({ queue }) => queue === id);
        return {
          id,
          title: title ?? null,
          skill: skill ?? null,
          language: language ?? null,
          panel: panel ?? null,
          open:
            (counts.get(queueBucket(id))?.open ?? 0) -
            (isGoldenCounted ? 0 : (counts.get(queueBucket(id))?.golden ?? 0)),
          claimed: Number(figures?.claimed ?? 0),
          oldestOpenedAt: figures?.oldest == null ? null : toIso(Number(figures.oldest)),
        };
      }),
      rules: state.rules.map((rule) => ({ ...rule })),
      default: state.default,
      patienceHours: state.patienceHours,
      etag: entityTagOf(state.changedAt, this.epoch.current),
      position: String(state.changedAt),
    };
  }
}

@Controller('v1/queues')
export class ListQueuesController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  @Get()
  @FromViews(casesView)
  @AsOf({ notFor: ['reviewer'] })
  @Roles(...REVIEWERS, 'operator', 'compliance')
  @Operation('The queues with their numbers of cases, and the rules by which cases get into them', {
    answer: answer('Queues', 'The queues.', QueuesAnswer, {
      queues: [
        {
          id: 'severe',
          title: 'Severe violations',
          skill: 'severe',
          language: null,
          panel: 2,
          open: 12,
          claimed: 3,
          oldestOpenedAt: '2022-05-19T10:00:00.000Z',
        },
      ],
      rules: [{ queue: 'severe', minSeverity: 3 }],
      default: 'severe',
      patienceHours: 24,
      etag: '"9c1f03ab55d2-7"',
      position: '7',
    }),
  })
  listQueues(@Context() { actor }: Context): Promise<QueuesAnswer> {
    return this.queries.execute(new ListQueues(actor));
  }
}

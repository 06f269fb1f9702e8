import { Controller, Get, Inject, Query } from '@nestjs/common';
import { IsIn } from 'class-validator';
import { type Static, Type } from 'typebox';
import { type RecordedDecision, RecordedDecisions } from '../../access/index.js';
import { FromLog } from '../../context/from-views.js';
import type { EventStore } from '../../event-store/event-store.js';
import { LogEpoch } from '../../event-store/log-epoch.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IfGiven, IsEntityId, IsInstant, IsLabel, IsMoment, Means } from '../../http/field-rules.js';
import { momentOf, positionOfMoment } from '../../http/moment.js';
import { closed, instant, list, oneOf, orNull, position, text } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { Listing, PageQuery } from '../../http/paging.js';
import { toIso } from '../../kernel/clock.js';
import { EVENT_STORE } from '../../platform/ports.js';

const OUTCOMES = ['permit', 'deny'] as const;
type Outcome = (typeof OUTCOMES)[number];

const RecordedDecisionItem = closed({
  id: text('Its `decisionId`: GET /v1/audit/decisions/{id} makes it again.'),
  subject: text('Who asked: the id.'),
  subjectType: text('What that is.'),
  action: text('What they wanted to do.'),
  resource: text('With what: the id.'),
  resourceType: text('What that is.'),
  outcome: oneOf(OUTCOMES, 'What was answered.'),
  reason: orNull(text('Why it was denied; null for a permit.')),
  position: position('What the decision point had applied.'),
  time: instant('When it was decided.'),
});

const RecordedDecisionPage = closed({
  items: list(RecordedDecisionItem, 'The decisions, newest first.'),
  nextCursor: Type.Optional(text('Pass it as `cursor` for the next page; absent on the last page.')),
  position: position('The last position of the log when it was asked for.'),
});
export type RecordedDecisionPage = Static<typeof RecordedDecisionPage>;

export class DecisionsQuery extends PageQuery {
  @IfGiven()
  @IsEntityId('Only those of this subject: its id.')
  subject?: string;

  @IfGiven()
  @IsEntityId('Only those about this action.')
  action?: string;

  @IfGiven()
  @IsLabel('Only those denied for this reason.')
  reason?: string;

  @IfGiven()
  @IsIn(OUTCOMES)
  @Means('Only permits, or only denials.')
  outcome?: Outcome;

  @IfGiven()
  @IsInstant('Only those made at this time or later.')
  from?: string;

  @IfGiven()
  @IsInstant('Only those made by this time.')
  to?: string;

  @IfGiven()
  @IsMoment()
  asOf?: string;
}

@Controller('v1/audit/decisions')
export class DecisionsController {
  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(RecordedDecisions) private readonly recorded: RecordedDecisions,
    @Inject(LogEpoch) private readonly epoch: LogEpoch,
  ) {}

  @Get()
  @FromLog()
  @Roles('compliance', 'administrator')
  @Operation('The access decisions on record: by subject, action, reason, outcome and time', {
    description:
      'A sample of permits and denials, kept for 90 days. `asOf` leaves out those made after a time, and those that rested on more than a position.',
    answer: answer('RecordedDecisionPage', 'A page of decisions.', RecordedDecisionPage),
    refusals: { 410: ['position-gone'] },
  })
  async listDecisions(@Query() query: DecisionsQuery): Promise<RecordedDecisionPage> {
    const { limit, cursor, subject, action, reason, outcome, from, to, asOf } = query;
    const listing = new Listing('access-decisions', { subject, action, reason, outcome, from, to, asOf });
    const [at, id] = listing.after(cursor, ['number', 'uuid']) ?? [];
    const filter = {
      ...{ subject, action, reason, from: timeOf(from), to: timeOf(to), ...(await this.cut(asOf, to)) },
      isPermit: outcome === undefined ? undefined : outcome === 'permit',
    };
    const before = id === undefined ? undefined : { at: Number(at), id: String(id) };
    const head = await this.store.head();
    const found = await this.recorded.list(filter, limit + 1, before);
    return { ...listing.page(found, limit, itemOf, (one) => [one.at, one.id]), position: String(head) };
  }

  /** A time is compared with when they were made, a position with what they rested on. */
  private async cut(asOf: string | undefined, to: string | undefined): Promise<{ to?: number; upTo?: number }> {
    if (asOf === undefined) return {};
    const { store, epoch } = this;
    const moment = momentOf(asOf, 'asOf', epoch.current);
    if ('time' in moment) return { to: Math.min(moment.time, timeOf(to) ?? moment.time) };
    return { upTo: await positionOfMoment(asOf, 'asOf', { store, epoch: epoch.current }) };
  }
}

const timeOf = (time: string | undefined): number | undefined => (time === undefined ? undefined : Date.parse(time));

const itemOf = (found: RecordedDecision): RecordedDecisionPage['items'][number] => ({
  id: found.id,
  ...{ subject: found.subject.id, subjectType: found.subject.type, action: found.action },
  ...{ resource: found.resource.id, resourceType: found.resource.type },
  outcome: found.decision.decision ? 'permit' : 'deny',
  reason: found.decision.reason ?? null,
  position: String(found.position),
  time: toIso(found.at),
});

import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { Type as Transform } from 'class-transformer';
import { IsIn } from 'class-validator';
import { FromLog } from '../../context/from-views.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IdParam, IfGiven, IsInteger, IsMoment, Means } from '../../http/field-rules.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { Listing } from '../../http/paging.js';
import { Histories, type HistoryRequest, type TimeOf } from './histories.js';
import { HistoryAnswer, historyExample } from './history-answer.js';
import { AfterQuery, afterOf } from './paging-by-position.js';
import { HISTORY_KINDS, type HistoryKind, SINGLE_KINDS, type SingleKind } from './subject-states.js';

const DEFAULT_LIMIT = 200;
const MOST = 1_000;
const TIMES: readonly TimeOf[] = ['recorded', 'event-time'];

export class HistoryQuery extends AfterQuery {
  @IfGiven()
  @IsMoment()
  asOf?: string;

  @IfGiven()
  @IsIn(TIMES)
  @Means('What a time is compared with, and the order of a page: when events were stored, or when they happened.')
  by?: TimeOf;

  @IfGiven()
  @IsIn(['true', 'false'])
  @Means('`true` makes each decision again on its history, where the log has all that it rested on.')
  explain?: string;

  @IfGiven()
  @Transform(() => Number)
  @IsInteger(`Maximum number of events; ${DEFAULT_LIMIT} by default.`, 1, MOST)
  limit?: number;
}

export class SingleParam {
  @Means('What there is one of.')
  @IsIn(SINGLE_KINDS)
  kind!: SingleKind;
}

export class SubjectParam extends IdParam {
  @Means('What the history is of.')
  @IsIn(Object.keys(HISTORY_KINDS))
  kind!: HistoryKind;
}

const DESCRIPTION = {
  description:
    'The state at a moment, the events that made it, with who, why and when, by what each was caused and what it has caused in other streams, what each changed; and the later events, marked. Without `asOf` the moment is now.',
  answer: answer('History', 'The history.', HistoryAnswer, historyExample),
  refusals: { 503: ['index-behind'] },
};

@Controller('v1/audit/history')
export class HistoryController {
  constructor(@Inject(Histories) private readonly histories: Histories) {}

  @Get(':kind')
  @FromLog()
  @Roles('compliance', 'administrator')
  @Operation('The history of what there is one of, such as the policy or the rollout', DESCRIPTION)
  showSingleHistory(@Param() { kind }: SingleParam, @Query() query: HistoryQuery): Promise<HistoryAnswer> {
    return this.histories.ofStream(kind, requestOf({ kind }, query));
  }

  @Get(':kind/:id')
  @FromLog()
  @Roles('compliance', 'administrator')
  @Operation('The history of a subject: an account, an image, a case, a cohort and others', {
    ...DESCRIPTION,
    refusals: { 404: ['history-unknown'], 503: ['index-behind'] },
  })
  showHistory(@Param() { kind, id }: SubjectParam, @Query() query: HistoryQuery): Promise<HistoryAnswer> {
    return this.histories.ofSubject(kind, id, requestOf({ kind, id }, query));
  }
}

function requestOf(of: { kind: string; id?: string }, query: HistoryQuery): HistoryRequest {
  const { asOf, by = 'recorded', limit = DEFAULT_LIMIT, explain } = query;
  const listing = new Listing(of.id === undefined ? 'single-histories' : 'histories', { ...of, asOf, by });
  return { asOf, by, listing, after: afterOf(listing, query.cursor), limit, explain: explain === 'true' };
}
